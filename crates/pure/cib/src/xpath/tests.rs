use super::*;

const TEXT: &str = "<cib a='1'><resources><!-- c --><primitive id='p1' class='ocf'><op id='o1' \
    interval='10'/><op id='o2' interval='20'/></primitive><group id='g'><primitive id='p2' \
    class='lsb'/><primitive id='p3' class='ocf'>text<b>more</b></primitive></group></resources>\
    <status><primitive id='p1'/></status></cib>";

fn ids(xpath: &str) -> String {
    let document = Document::parse(TEXT).unwrap();
    let found = document.select(xpath).unwrap_or_else(|error| panic!("{error}"));
    let ids: Vec<_> = found.iter().map(|at| at.attr("id").unwrap_or(at.name())).collect();
    ids.join(" ")
}

#[test]
fn paths_and_predicates_select() {
    for (xpath, wanted) in [
        ("/cib/resources/primitive", "p1"),
        ("//primitive", "p1 p2 p3 p1"),
        ("//primitive[@id='p1']", "p1 p1"),
        ("//primitive[@id=\"p1\"]/op", "o1 o2"),
        ("//primitive[@id='p1'][1]", "p1 p1"),
        ("(//primitive)[1]", "p1"),
        ("(//primitive[@id='p2'] | //op)[last()]", "p2"),
        ("//op[2]", "o2"),
        ("//op[position() < 2]", "o1"),
        ("//op[@interval > 15]/..", "p1"),
        ("//*[@class='ocf' and not(op)]", "p3"),
        ("//op/ancestor::*", "cib resources p1"),
        ("//op/ancestor::*[1]", "p1"),
        ("//op[2]/preceding-sibling::op", "o1"),
        ("//group/preceding::op[1]", "o2"),
        ("//op[1]/following::primitive", "p2 p3 p1"),
        ("/cib/resources/*[last()]", "g"),
        ("//primitive[count(op) = 2]", "p1"),
        ("//primitive[starts-with(@id, 'p') and contains(@class, 's')]", "p2"),
        ("//primitive[string() = 'textmore']", "p3"),
        ("//primitive[text() = 'text']/b", "b"),
        ("//comment()/following-sibling::*[1]", "p1"),
        ("id('g')/primitive", "p2 p3"),
        ("//primitive[@id=//op/../@id]", "p1 p1"),
        ("//group//self::primitive", "p2 p3"),
        ("/", ""),
        ("//div[div div 2]", ""),
        (".//op", "o1 o2"),
        ("/cib[@a]/descendant::group", "g"),
        ("//@interval/..", "o1 o2"),
        ("//primitive[@id != 'p1']", "p2 p3"),
        ("/*[false()]", ""),
    ] {
        assert_eq!(ids(xpath), wanted, "{xpath}");
    }
}

#[test]
fn functions_and_operators_compute() {
    let document = Document::parse(TEXT).unwrap();
    let value = |text: &str| XPath::parse(text).unwrap().evaluate(&document).unwrap();
    for (xpath, wanted) in [
        ("sum(//op/@interval)", 30.0),
        ("count(//primitive) * 2 - 1", 7.0),
        ("7 mod 4 + 6 div 4", 4.5),
        ("-(-3)", 3.0),
        ("--3", 3.0),
        ("round(-2.5)", -2.0),
        ("floor(2.7) + ceiling(2.1)", 5.0),
        ("string-length('häuser')", 6.0),
        ("number('  12 ')", 12.0),
        ("count(//op/@*)", 4.0),
    ] {
        assert_eq!(value(xpath), Value::Number(wanted), "{xpath}");
    }
    for (xpath, wanted) in [
        ("concat('a', 1, true())", "a1true"),
        ("substring('12345', 2, 3)", "234"),
        ("substring('12345', 1.5, 2.6)", "234"),
        ("substring('12345', 0 div 0)", ""),
        ("substring-before('1999/04/01', '/')", "1999"),
        ("substring-after('1999/04/01', '/')", "04/01"),
        ("normalize-space('  a   b ')", "a b"),
        ("translate('bar', 'abc', 'AB')", "BAr"),
        ("string(1 div 0)", "Infinity"),
        ("string(0.5)", "0.5"),
        ("name(//op)", "op"),
        ("local-name(//op/@id)", "id"),
    ] {
        assert_eq!(value(xpath), Value::Text(wanted.to_owned()), "{xpath}");
    }
    for (xpath, wanted) in [
        ("'a' = 'a' and not(1 > 2)", true),
        ("//op/@interval = 20", true),
        ("//op/@interval != 20", true),
        ("//nothing = ''", false),
        ("not(//nothing)", true),
        ("true() = 'x'", true),
        ("//op[1] or 0", true),
        ("'nan' = number('x')", false),
        ("1 <= 1", true),
    ] {
        assert_eq!(value(xpath), Value::Boolean(wanted), "{xpath}");
    }
}

#[test]
fn mistakes_are_pointed_at() {
    for (xpath, shown) in [
        ("//a[", "expected a path, a value or a function\n  //a[\n      ^"),
        (
            "//a[cont(@b)]",
            "there is no function called cont; did you mean count?\n  //a[cont(@b)]\n      ^",
        ),
        (
            "/cib/parents::x",
            "there is no axis called parents; did you mean parent?\n  /cib/parents::x\n       ^",
        ),
        ("//a[@id='x]", "the text does not end with '\n  //a[@id='x]\n          ^"),
        ("//a//", "expected a name, * or a kind of node\n  //a//\n       ^"),
        ("//a b", "expected the end or an operator\n  //a b\n      ^"),
        ("count()", "count() does not take 0 arguments\n  count()\n  ^"),
        ("$x", "there is no variable $x\n  $x\n  ^"),
        ("", "expected a path, a value or a function\n  \n  ^"),
        ("//a[1", "expected ]\n  //a[1\n       ^"),
        ("#", "'#' has no meaning here\n  #\n  ^"),
    ] {
        assert_eq!(XPath::parse(xpath).unwrap_err().to_string(), shown, "{xpath}");
    }
    let document = Document::parse(TEXT).unwrap();
    let error = document.select("count(//op)").unwrap_err();
    assert_eq!(error.reason, "this does not select elements");
    assert!(document.select("count('x')").is_err());
}

#[test]
fn work_and_nesting_are_bounded() {
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(XPath::parse(&deep).unwrap_err().reason.contains("nested too deeply"));
    let wide = Document::parse(&format!("<a>{}</a>", "<b/>".repeat(3000))).unwrap();
    let error = wide.select("//b[following::b[following::b[following::b]]]");
    assert!(error.is_err_and(|error| error.reason.contains("too much work")));
}
