//! The schema files that clients open by path: pcs holds what `crm_mon` says against one, crmsh
//! learns from them which elements and attributes there are.
//!
//! **Not here:** the rules of the document (`cib`'s schema); these are its tables, written down.

mod results;

use cib::relax_ng;
use cib::schema::{self, Schema};

/// Every file: its path in the folder of schemas, and what is in it.
pub fn schema_files() -> Vec<(String, String)> {
    let file = |schema: &Schema| format!("{schema}.rng");
    let mut files: Vec<(String, String)> =
        Schema::all().map(|schema| (file(&schema), schema::grammar(schema).to_xml())).collect();
    let newest = relax_ng::one_of_files(&[file(&Schema::NEWEST)]);
    files.push(("pacemaker.rng".to_owned(), newest));
    files.push(("versions.rng".to_owned(), schema::grammar_of_versions().to_xml()));
    files.push(("api/api-result.rng".to_owned(), results::grammar().to_xml()));
    files
}
