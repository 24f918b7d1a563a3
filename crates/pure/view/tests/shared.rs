//! What every page shows: the verdict and what would break it, the grid, the fencing matrix.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a test reads its documents")]

use std::fs;
use std::path::Path;

use cib::Document;
use generator::{Chance, cluster, mutate};
use view::grid::CellState;
use view::readiness::{Ability, Can, Proof};
use view::{RenderOptions, Seen};
use wire::api::{Carrier, Cluster, Fencing, TieBreaker};

const NOW: i64 = 1_795_223_471;
const PLAIN: RenderOptions = RenderOptions { colour: false, now: NOW };

fn text_of(state: &str) -> String {
    let states = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/cli/states");
    fs::read_to_string(states.join(format!("{state}.xml"))).unwrap()
}

fn read(text: &str) -> Document {
    Document::parse(text).unwrap()
}

fn replaced(text: &str, before: &str, after: &str) -> String {
    assert!(text.contains(before), "{before} is not in the document");
    text.replace(before, after)
}

fn seen(document: &Document) -> Seen<'_> {
    Seen { document, cluster: None, now: NOW }
}

/// Each node's network card is watched by a resource of its own; `n2` is as it is said.
fn with_watched_cards(n2: &str) -> String {
    let watch = |node: &str, agent: &str| {
        let id = format!("cards.{node}");
        (
            format!(r#"<primitive id="{id}" class="ocf" provider="quorate" type="{agent}"/>"#),
            format!(
                r##"<rsc_location id="{id}.node" rsc="{id}"><rule id="{id}.rule" score="-INFINITY">
                    <expression id="{id}.expression" attribute="#uname" operation="ne" value="{node}"/>
                    </rule></rsc_location>"##
            ),
        )
    };
    let (first, at_first) = watch("n1", "lan");
    let (second, at_second) = watch("n2", "lan");
    let runs = r#"<lrm id="1"><lrm_resources><lrm_resource id="cards.n1" class="ocf" provider="quorate" type="lan">
        <lrm_rsc_op id="cards.n1_last_0" operation_key="cards.n1_start_0" operation="start" call-id="2"
         rc-code="0" op-status="0" interval="0"/></lrm_resource></lrm_resources></lrm>"#;
    format!(
        r#"<cib validate-with="pacemaker-4.0" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1">
        <configuration><crm_config/><nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
        <resources><primitive id="power" class="stonith" type="fence_dummy"/>{first}{second}</resources>
        <constraints>{at_first}{at_second}</constraints></configuration><status>
        <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">{runs}</node_state>
        <node_state id="2" uname="n2" {n2}/></status></cib>"#
    )
}

#[test]
fn who_has_lost_a_machine_misses_nothing_of_what_watched_its_cards() {
    let missing = |text: &str| {
        let status = view::status(seen(&read(text)));
        let missing = status.resources.iter().filter(|line| line.missing);
        missing.map(|line| line.id.clone()).collect::<Vec<_>>()
    };
    let gone = with_watched_cards(r#"in_ccm="false" crmd="offline" join="down" expected="down""#);
    assert_eq!(missing(&gone), ["power"]);
    let there = r#"in_ccm="true" crmd="online" join="member" expected="member""#;
    assert_eq!(missing(&with_watched_cards(there)), ["power", "cards.n2"]);
    // Whatever else is bound to a machine is missed with it.
    let other = replaced(&gone, r#"type="lan""#, r#"type="lock""#);
    assert_eq!(missing(&other), ["power", "cards.n2"]);
}

#[test]
fn a_whole_cluster_says_what_it_survives_and_what_it_does_not() {
    let told = view::verdict(seen(&read(&text_of("web"))));
    assert!(told.words.starts_with("Healthy. Survives the loss of any one of three nodes."));
    assert_eq!(
        told.breaks,
        [
            "The loss of any two nodes at once would leave no quorum.",
            "If power does not answer, nothing that is lost is recovered."
        ]
    );
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!(json["level"], "healthy");
}

/// Of four nodes one is lost. By a majority of all, no other one may be; those who had quorum last, and a lock, are counted
/// otherwise.
#[test]
fn what_is_survived_goes_by_the_votes_as_they_are_counted_now() {
    let fourth = r#"<node id="4" uname="n4"/></nodes>"#;
    let gone = r#"<node_state id="4" uname="n4" in_ccm="false" crmd="offline" join="down" expected="down"/></status>"#;
    let text = replaced(&text_of("web"), "</nodes>", fourth);
    let document = read(&replaced(&text, "</status>", gone));
    let votes = (1..=4).map(|id| (format!("n{id}"), 1)).collect::<Vec<_>>();
    // Whether the loss of each, and of each two at once, would leave quorum.
    let quorum = |needed_votes, of_lock| {
        let lock = |alive| TieBreaker { votes: 1, alive, ours: alive, ..TieBreaker::default() };
        let tie_breaker = Option::map(of_lock, lock);
        let carrier =
            Carrier { votes: votes.clone(), needed_votes, tie_breaker, ..Carrier::default() };
        let cluster = Cluster {
            quorate: true,
            carrier: Some(Box::new(carrier)),
            formed: true,
            ..Cluster::default()
        };
        let seen = Seen { document: &document, cluster: Some(&cluster), now: NOW };
        let survival = view::status(seen).survival.unwrap();
        let stays = |losses: &[view::survival::Loss]| losses.iter().all(|loss| !loss.quorum);
        (stays(&survival.nodes), survival.pairs.is_some_and(|pairs| stays(&pairs)))
    };
    assert_eq!(quorum(0, None), (false, false), "nobody says how: a majority of all");
    assert_eq!(quorum(3, None), (false, false));
    assert_eq!(quorum(2, None), (true, false), "of three two, as last_man_standing has it");
    assert_eq!(quorum(3, Some(true)), (true, false), "two of three and the lock");
    assert_eq!(quorum(3, Some(false)), (false, false), "what votes for it does not answer");
}

#[test]
fn a_node_that_nothing_can_cut_off_is_not_survived() {
    let text = replaced(&text_of("web"), r#"value="n1 n2 n3""#, r#"value="n2 n3""#);
    let document = read(&text);
    let status = view::status(seen(&document));
    let survival = status.survival.unwrap();
    assert_eq!(survival.nodes_to_spare(), 0);
    assert_eq!(survival.nodes[0].cannot_be_fenced, ["n1"]);
    assert_eq!(survival.nodes[0].resources, ["counters as promoted", "web"]);
    assert!(survival.nodes[1].is_survived() && survival.nodes[2].is_survived());
    let told = view::verdict(seen(&document));
    let sentence = "The loss of n1 could not be made safe: nothing can cut it off, so counters as \
                    promoted and web would stay down.";
    assert!(told.breaks.contains(&sentence.to_owned()), "{:?}", told.breaks);
}

#[test]
fn what_may_run_on_one_node_only_is_lost_with_it() {
    let bans = r#"<rsc_location id="never-2" rsc="web" node="n2" score="-INFINITY"/><rsc_location id="never-3" rsc="web" node="n3" score="-INFINITY"/></constraints>"#;
    let text = text_of("web");
    let text = if text.contains("</constraints>") {
        replaced(&text, "</constraints>", bans)
    } else {
        replaced(&text, "</resources>", &format!("</resources><constraints>{bans}"))
    };
    let document = read(&text);
    let status = view::status(seen(&document));
    let survival = status.survival.unwrap();
    assert_eq!(survival.nodes[0].resources, ["web"]);
    assert!(survival.nodes[1].is_survived());
    assert_eq!(survival.pairs, None, "pairs are tried only where each node can be spared");

    let grid = view::grid(seen(&document));
    let row = grid.rows.iter().find(|row| row.id == "web").unwrap();
    assert!(!row.cells[0].banned && row.cells[1].banned);
    assert_eq!(row.cells[0].state, CellState::Active);
    assert_eq!(row.cells[0].cannot_run_because, None);
    assert_eq!(
        row.cells[1].cannot_run_because.as_deref(),
        Some("web cannot run on n2: location `never-2`.")
    );
    assert_eq!(row.cells[1].score, Some(-1_000_000));
    let json = serde_json::to_value(&grid).unwrap();
    let cell = &json["rows"][1]["cells"][1];
    assert_eq!(cell["cannot-run-because"], "web cannot run on n2: location `never-2`.");
    assert_eq!(cell["state"], "stopped");
}

#[test]
fn the_grid_says_which_node_is_in_the_way() {
    let document = read(&text_of("n1-lost"));
    let grid = view::grid(seen(&document));
    let row = grid.rows.iter().find(|row| row.id == "web").unwrap();
    assert_eq!(row.cells[0].state, CellState::Unsure);
    assert_eq!(
        row.cells[0].cannot_run_because.as_deref(),
        Some("web cannot run on n1: the node is lost and must be fenced.")
    );
    assert_eq!(grid.nodes.len(), row.cells.len());
    let text = view::grid::render(&grid, PLAIN);
    assert!(text.starts_with("resource         n1"), "{text}");
}

#[test]
fn a_copy_too_many_is_no_ban() {
    let grid = view::grid(seen(&read(&text_of("web"))));
    let row = grid.rows.iter().find(|row| row.id == "counters").unwrap();
    let roles: Vec<_> = row.cells.iter().map(|cell| cell.role).collect();
    assert_eq!(roles, [Some("promoted"), Some("unpromoted"), Some("unpromoted")]);
    assert!(row.cells.iter().all(|cell| cell.cannot_run_because.is_none() && cell.wanted));
}

#[test]
fn a_fencing_that_succeeded_proves_its_device_for_that_node() {
    let document = read(&text_of("web"));
    let fencing = |target: &str, by: &str, at: i64| Fencing {
        target: target.to_owned(),
        action: "reboot".to_owned(),
        succeeded: true,
        by: by.to_owned(),
        reason: String::new(),
        at,
    };
    let cluster = Cluster {
        quorate: true,
        formed: true,
        fencings: vec![
            fencing("n2", "power by n1", NOW - 30),
            fencing("n3", "root's word", NOW - 10),
        ],
        ..Cluster::default()
    };
    let seen = Seen { cluster: Some(&cluster), ..seen(&document) };
    let readiness = view::readiness(seen);
    assert!(readiness.enabled);
    assert_eq!(readiness.devices.len(), 1);
    let row = |name: &str| readiness.nodes.iter().find(|row| row.node == name).unwrap();
    assert_eq!(row("n2").ability, Ability::Ready);
    assert_eq!(row("n2").cells[0].can, Can::Yes);
    assert_eq!(row("n2").proven, Some(Proof::Used { at: NOW - 30 }), "newer than a minute's look");
    // An operator's word says nothing of the device.
    assert!(matches!(row("n3").cells[0].proven, Some(Proof::Checked { .. })));
}

#[test]
fn a_topology_rules_out_other_devices() {
    let second = r#"<primitive id="disk" class="stonith" type="fence_scsi"/></resources>"#;
    let text = replaced(&text_of("web"), "</resources>", second);
    let levels = r#"<fencing-topology><fencing-level id="l" target="n1" index="2" devices="power,disk"/></fencing-topology></configuration>"#;
    let text = replaced(&text, "</configuration>", levels);
    let readiness = view::readiness(seen(&read(&text)));
    let row = |name: &str| readiness.nodes.iter().find(|row| row.node == name).unwrap();
    let n1: Vec<_> = row("n1").cells.iter().map(|cell| (cell.can, cell.level)).collect();
    assert_eq!(n1, [(Can::Yes, Some(1)), (Can::AskedThen, Some(1))]);
    assert_eq!(row("n1").ability, Ability::Doubtful, "`disk` is in use nowhere");
    assert_eq!(row("n2").ability, Ability::Ready);
    assert_eq!(row("n2").cells[1].level, None);
}

/// Any document is looked at, the same each time, and every row has a cell a node.
#[test]
fn every_cluster_can_be_shown() {
    for seed in 0..60 {
        let mut document = cluster(seed);
        if seed % 2 == 1 {
            mutate(&mut document, &mut Chance::new(seed), 6);
        }
        let status = view::status(seen(&document));
        let grid = view::grid(seen(&document));
        assert!(grid.rows.iter().all(|row| row.cells.len() == grid.nodes.len()), "seed {seed}");
        assert_eq!(status, view::status(seen(&document)), "seed {seed}");
        assert_eq!(grid, view::grid(seen(&document)), "seed {seed}");
        let words = view::status::render(&status, PLAIN) + &view::grid::render(&grid, PLAIN);
        assert!(!words.is_empty(), "seed {seed}");
        // What is inside of a group may only follow it.
        let out = grid.rows.iter().filter(|row| row.depth == 0).flat_map(|row| &row.cells);
        let mut silent = out.filter(|cell| {
            cell.score.is_none_or(|score| score < 0)
                && !cell.wanted
                && cell.cannot_run_because.is_none()
        });
        assert!(
            silent.next().is_none(),
            "seed {seed}: a node is kept out and nothing says by what"
        );
    }
}
