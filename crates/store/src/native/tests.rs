use super::*;
use crate::rows::Owner;

fn scope(ts: u64, keep_days: u16, scope_id: u64) -> ScopeRow<'static> {
    ScopeRow {
        owner: Owner {
            tenant: "t",
            keep_days,
        },
        ts,
        scope_id,
        schema_url: "",
        raw: b"",
    }
}

fn places(blocks: &[Block]) -> Vec<(Table, u16, u16, u32, u64)> {
    let place = |block: &Block| {
        let Partition { day, keep_days } = block.partition;
        (block.table, day, keep_days, block.part, block.rows)
    };
    blocks.iter().map(place).collect()
}

#[test]
fn a_block_lies_in_one_partition() {
    let mut blocks = Blocks::default();
    blocks.push_scope(&scope(NANOS_A_DAY, 14, 1));
    blocks.push_scope(&scope(NANOS_A_DAY - 1, 14, 2));
    blocks.push_scope(&scope(2 * NANOS_A_DAY - 1, 7, 3));
    blocks.push_scope(&scope(2 * NANOS_A_DAY - 1, 14, 4));
    let expected = [
        (Table::Scopes, 0, 14, 0, 1),
        (Table::Scopes, 1, 7, 0, 1),
        (Table::Scopes, 1, 14, 0, 2),
    ];
    assert_eq!(places(&blocks.finish()), expected);
}

#[test]
fn a_full_block_is_followed_by_another() {
    let mut blocks = Blocks::default();
    for number in 0..=MOST_ROWS {
        blocks.push_scope(&scope(0, 14, number));
    }
    let expected = [
        (Table::Scopes, 0, 14, 0, MOST_ROWS),
        (Table::Scopes, 0, 14, 1, 1),
    ];
    assert_eq!(places(&blocks.finish()), expected);
}

#[test]
fn the_same_rows_make_the_same_bytes() {
    let encode = || {
        let mut blocks = Blocks::default();
        for number in 0..300 {
            blocks.push_scope(&scope(number * 1_000, 14, number));
        }
        blocks.finish().remove(0).body
    };
    assert_eq!(encode(), encode());
}
