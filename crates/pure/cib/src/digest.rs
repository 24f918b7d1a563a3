//! One number for a document's content, to tell whether two copies are equal.

use md5::{Digest, Md5};

use crate::tree::Document;

/// Attributes that say who wrote, not what.
const LEFT_OUT: [&str; 5] =
    ["crm-debug-origin", "cib-last-written", "update-origin", "update-client", "update-user"];

impl Document {
    /// The MD5 sum of the document's text as Pacemaker's patchsets carry it, in hexadecimal. Not
    /// for security: it finds accidents.
    pub fn digest(&self) -> String {
        let text = self.root().compact(|name| !LEFT_OUT.contains(&name));
        let sum = Md5::digest(text.as_bytes());
        sum.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::Document;

    #[test]
    fn layout_and_authors_do_not_count() {
        let one = Document::parse("<cib a=\"1\" update-user=\"x\">\n <b/>\n</cib>").unwrap();
        let other = Document::parse("<cib a=\"1\"><b/></cib>").unwrap();
        assert_eq!(one.digest(), other.digest());
        // md5sum of <cib a="1"><b/></cib>
        assert_eq!(one.digest(), "eb16ec1864a05d5e43cc51784728200e");
        let third = Document::parse("<cib a=\"2\"><b/></cib>").unwrap();
        assert_ne!(one.digest(), third.digest());
    }
}
