//! What a path holds.

/// What the browser may do in the console: its own files and its own API, nothing else.
pub const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types quorate";

/// The same for `/status`: it has a style sheet and no script.
pub const STATUS_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// One file of the console.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// As in a request: `/assets/index-1a2b3c.js`.
    pub path: &'static str,
    pub whole: &'static [u8],
    /// The same, for who says `accept-encoding: gzip`.
    pub packed: &'static [u8],
    /// An entity tag, quotes included.
    pub edition: &'static str,
}

impl File {
    /// The `content-type`.
    pub fn kind(&self) -> &'static str {
        match self.path.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("json") => "application/json",
            Some("png") => "image/png",
            Some(_) | None => "application/octet-stream",
        }
    }

    /// The `cache-control`: what has its content's hash in its name never changes.
    pub fn caching(&self) -> &'static str {
        if self.path.starts_with("/assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        }
    }
}

static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// Every file.
pub fn all() -> &'static [File] {
    FILES
}

/// The file at a request's path; `/` is the console. Exact names only: nothing is looked up on a disk.
pub fn find(path: &str) -> Option<&'static File> {
    let path = if path == "/" { "/index.html" } else { path };
    FILES.iter().find(|file| file.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_found() {
        assert_eq!(find("/").map(|file| file.kind()), Some("text/html; charset=utf-8"));
        for path in [
            "",
            "/assets",
            "/assets/",
            "//index.html",
            "/../Cargo.toml",
            "/assets/../index.html",
            "index.html",
        ] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn pages_ask_nobody_else_and_hold_no_script() {
        let index = find("/").map(|file| String::from_utf8_lossy(file.whole)).unwrap_or_default();
        assert!(index.contains("<script type=\"module\""));
        assert!(!index.contains("://"), "{index}");
        assert!(!index.contains("<style"), "{index}");
        for piece in index.split("<script").skip(1) {
            let inside = piece.split_once('>').map(|(_, rest)| rest).unwrap_or_default();
            assert!(inside.starts_with("</script>"), "a script inside the page");
        }
    }

    #[test]
    fn all_of_it_is_small() {
        let sum: usize = all().iter().map(|file| file.packed.len()).sum();
        assert!(sum < 150 * 1024, "{sum} bytes packed");
        assert!(all().iter().any(|file| file.caching().contains("immutable")));
    }
}
