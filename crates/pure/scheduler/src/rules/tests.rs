use cib::Document;

use super::date::{self, Civil};
use super::{NextChange, RuleInput, passes};

fn seconds(text: &str) -> i64 {
    date::parse(text, 0).expect(text).seconds
}

#[test]
fn dates_read_in_every_form() {
    let day = seconds("2005-07-20");
    assert_eq!(day, 1_121_817_600);
    for text in ["20050720", "2005-201", "2005-W29-3", "2005-07-20T00:00", "2005-07-20 02:00+02:00"]
    {
        assert_eq!(seconds(text), day, "{text}");
    }
    assert_eq!(seconds("2005-07-20T12:30:01Z"), day + 45_001);
    for text in ["2005-02-30", "2005-13-01", "2005-400", "soon", "2005-07-20T25:00", ""] {
        assert_eq!(date::parse(text, 0), None, "{text}");
    }
}

#[test]
fn weeks_follow_the_thursday() {
    // Monday 2008-12-29 is the first day of 2009's first week; Sunday 2010-01-03 ends 2009's last.
    let monday = Civil::of(seconds("2008-12-29"));
    assert_eq!((monday.week_year, monday.week, monday.week_day), (2009, 1, 1));
    let sunday = Civil::of(seconds("2010-01-03"));
    assert_eq!((sunday.week_year, sunday.week, sunday.week_day), (2009, 53, 7));
}

#[test]
fn months_keep_the_day_where_they_can() {
    let moved = |text, months| date::parse(text, 0).expect(text).add_months(months).seconds;
    assert_eq!(moved("2004-01-31", 1), seconds("2004-02-29"));
    assert_eq!(moved("2004-03-15", -4), seconds("2003-11-15"));
    // January 31 in Berlin is still January 30 in London.
    assert_eq!(moved("2005-01-31 00:30+01:00", 1), seconds("2005-02-27 23:30"));
}

#[test]
fn years_keep_the_number_of_the_day() {
    let moved = |text, years| date::parse(text, 0).expect(text).add_years(years).seconds;
    assert_eq!(moved("2004-03-01", 1), seconds("2005-03-02"));
    assert_eq!(moved("2003-03-01", 1), seconds("2004-02-29"));
    assert_eq!(moved("2004-02-01 12:00", 4), seconds("2008-02-01 12:00"));
}

fn answer(rule: &str, now: &str) -> (bool, Option<i64>) {
    let document = Document::parse(rule).expect("well-formed");
    let mut next = NextChange::default();
    let input = RuleInput { now: seconds(now), ..RuleInput::default() };
    (passes(document.root(), &input, &mut next), next.0)
}

#[test]
fn a_range_tells_when_it_ends() {
    let rule = r#"<rule id="r"><date_expression id="d" operation="in_range" start="2005-01-01" end="2005-02-01"/></rule>"#;
    assert_eq!(answer(rule, "2004-12-31"), (false, Some(seconds("2005-01-01"))));
    assert_eq!(answer(rule, "2005-01-15"), (true, Some(seconds("2005-02-01") + 1)));
    assert_eq!(answer(rule, "2005-03-01"), (false, None));
}

#[test]
fn specifications_hold_ranges() {
    let rule = r#"<rule id="r"><date_expression id="d" operation="date_spec"><date_spec id="s" hours="9-16" weekdays="1-5"/></date_expression></rule>"#;
    assert!(answer(rule, "2005-07-20T16:59:59").0);
    assert!(!answer(rule, "2005-07-20T17:00").0);
    assert!(!answer(rule, "2005-07-23T12:00").0);
}

#[test]
fn versions_and_numbers_end_where_they_stop_being_such() {
    use super::compare::{Kind, order, versions};
    use std::cmp::Ordering::{Equal, Greater, Less};
    assert_eq!(versions("3.0.14", "3.0.2"), Greater);
    assert_eq!(versions(" 1.2-rc3", "1.2"), Equal);
    assert_eq!(versions("cluster", "-5"), Equal);
    assert_eq!(versions("1", "1.0.1"), Less);
    assert_eq!(order(Some("10 GiB"), Some("9.5"), Kind::Number), Greater);
    assert_eq!(order(Some("ten"), Some("9.5"), Kind::Number), Greater);
}
