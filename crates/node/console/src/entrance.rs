//! Logging in and out where no script runs: one form each.

use crate::page::Safe;

/// For pages that hold a form: it goes back to where it came from.
pub const FORM_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The form's name for what proves that it is ours.
pub const PROOF_FIELD: &str = "proof";

/// Asks for a name and a password. `proof` comes back with them; `wrong` says why it is asked again.
pub fn login_page(proof: &str, wrong: Option<&str>) -> String {
    let wrong =
        wrong.map(|words| format!("<p role=\"alert\"><strong>{}</strong></p>", Safe(words)));
    let inside = format!(
        "<h1>Quorate: log in</h1>{}<form method=\"post\" action=\"/status/login\">{}\
         <p><label for=\"user\">User</label><input id=\"user\" name=\"user\" autocomplete=\"username\" required autofocus></p>\
         <p><label for=\"password\">Password</label><input id=\"password\" name=\"password\" type=\"password\" \
         autocomplete=\"current-password\" required></p><p><button>Log in</button></p></form>\
         <footer>As a user of this machine who is in the group <code>haclient</code>. \
         <a href=\"/\">The console</a> needs JavaScript; what comes after this page does not.</footer>",
        wrong.unwrap_or_default(),
        hidden(proof),
    );
    page("Log in", &inside)
}

/// Asks whether to end the session.
pub fn logout_page(user: &str, proof: &str) -> String {
    let inside = format!(
        "<h1>Quorate: log out</h1><p>You are {}.</p><form method=\"post\" action=\"/status/logout\">{}\
         <p><button>Log out</button></p></form><footer><a href=\"/status\">Back</a></footer>",
        Safe(user),
        hidden(proof),
    );
    page("Log out", &inside)
}

fn hidden(proof: &str) -> String {
    format!("<input type=\"hidden\" name=\"{PROOF_FIELD}\" value=\"{}\">", Safe(proof))
}

fn page(title: &str, inside: &str) -> String {
    // A form's sender is told to our own host only; elsewhere it would not be known to come from us.
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"referrer\" content=\"same-origin\"><title>{title}: Quorate</title>\
         <link rel=\"stylesheet\" href=\"/status.css\"><link rel=\"icon\" href=\"/icon.svg\"></head>\
         <body><main>{inside}</main></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_becomes_markup() {
        let page = login_page("\"><b>", Some("<i>no</i>"));
        assert!(page.contains("value=\"&quot;&gt;&lt;b&gt;\"") && page.contains("&lt;i&gt;no"));
        assert!(!page.contains("<b>") && !page.contains("<i>") && !page.contains("<script"));
        assert!(logout_page("<u>", "p").contains("&lt;u&gt;"));
    }
}
