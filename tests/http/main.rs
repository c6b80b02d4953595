//! The API on SQLite and on PostgreSQL, in this process: the same bodies on both.

#![expect(clippy::unwrap_used, reason = "a helper that panics fails its test, as it should")]

#[path = "../support/places.rs"]
#[expect(dead_code, reason = "the store's tests need more of it")]
mod places;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "the store's tests need more of it")]
mod postgres;

mod archive;
mod house;
mod matrix;
mod panels;
mod signing_in;

use places::on_both_engines;

on_both_engines! {
    signing_in::somebody_signs_in_and_out,
    signing_in::what_is_wrong_with_the_credentials_is_not_told,
    signing_in::a_request_that_changes_something_needs_the_token_and_our_origin,
    signing_in::a_session_ends_when_it_is_idle_or_old,
    archive::an_operator_sees_the_calls_of_their_lines_and_a_supervisor_all,
    archive::a_list_is_filtered_sorted_and_goes_page_by_page,
    archive::a_card_tells_legs_and_history_and_an_interaction_its_operators,
    archive::the_call_log_is_read_by_administrators_and_exported_without_formulas,
    panels::a_panel_begins_with_its_lines_and_calls_and_hears_how_they_change,
    panels::a_panel_that_comes_back_misses_nothing_and_gets_nothing_twice,
    panels::lists_are_for_who_may_have_them,
    panels::a_call_is_hung_up_by_its_own_people_and_by_who_may,
    panels::panels_are_told_why_they_are_closed,
    panels::a_panel_that_does_not_read_is_cut_off,
    matrix::every_route_is_closed_to_strangers_and_to_those_without_its_right,
}
