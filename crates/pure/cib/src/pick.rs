//! Reading the same few attributes of many elements, each in one pass.

use crate::element::Element;
use crate::tree::Document;

/// Names to pick from elements of one document, looked up once. [`Document::picker`] makes it.
#[derive(Clone, Debug)]
pub struct Picker<const N: usize> {
    /// For each name of the document: which of the wanted ones it is; 255 for none.
    places: Vec<u8>,
}

impl Document {
    /// Prepares picking `names`, at most 255. Names that come into the document later are not
    /// found.
    pub fn picker<const N: usize>(&self, names: [&str; N]) -> Picker<N> {
        let mut places = Vec::new();
        for (place, name) in names.into_iter().enumerate() {
            let Some(name) = self.names.find(name) else { continue };
            if places.len() <= name.index() {
                places.resize(name.index() + 1, u8::MAX);
            }
            if let Some(at) = places.get_mut(name.index()) {
                *at = u8::try_from(place).unwrap_or(u8::MAX);
            }
        }
        Picker { places }
    }
}

impl<'a> Element<'a> {
    /// The values of the attributes that `picker` wants, in its order.
    pub fn pick<const N: usize>(self, picker: &Picker<N>) -> [Option<&'a str>; N] {
        let mut picked = [None; N];
        for attribute in self.run() {
            let place = picker.places.get(attribute.name.index()).copied().unwrap_or(u8::MAX);
            if let Some(at) = picked.get_mut(usize::from(place)) {
                *at = Some(self.document.pool.get(attribute.value));
            }
        }
        picked
    }
}

#[cfg(test)]
mod tests {
    use crate::Document;

    #[test]
    fn what_is_there_comes_in_the_wanted_order() {
        let document = Document::parse("<a x='1' z='3'><b z='4' w='5'/></a>").unwrap();
        let picker = document.picker(["z", "y", "x"]);
        assert_eq!(document.root().pick(&picker), [Some("3"), None, Some("1")]);
        let b = document.root().child("b").unwrap();
        assert_eq!(b.pick(&picker), [Some("4"), None, None]);
    }
}
