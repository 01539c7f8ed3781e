//! The store on both databases: what was kept is there, and is there once.

use rstest::rstest;
use zonal::store::{Asked, Chain};

use crate::store_place::On::{self, Postgres, Sqlite};
use crate::store_place::{Place, new_run, scope, set, verified};

#[rstest]
#[tokio::test]
async fn what_was_kept_is_there_when_the_store_is_opened_again(#[values(Sqlite, Postgres)] on: On) {
    let place = Place::new(on);
    let store = place.open().await;
    let run = store.begin(new_run()).await.expect("a run begins");
    let line = verified(run, 1, "ALPHA", vec![set("A", "1", "2"), set("B", "1", "2")]);
    store.append(line).kept().await.expect("the line is kept");
    store.close().await;
    if on == Sqlite {
        let beside =
            place.file().parent().map(|directory| directory.read_dir().expect("it is there").count());
        assert_eq!(beside, Some(1), "a closed store is one file");
    }
    let store = place.open().await;
    let page = store.history(scope(), Asked::Everything, None, 10).await.expect("it answers");
    let told: Vec<String> = page.entries.iter().map(|entry| entry.address.to_string()).collect();
    assert_eq!(told, ["ALPHA/CodeTable/T/B", "ALPHA/CodeTable/T/A"]);
    let chain = store.follow(&|_| {}).await.expect("it answers");
    assert_eq!(chain, Chain::Whole { entries: 2, end: page.entries.first().map(|entry| entry.hash) });
}
