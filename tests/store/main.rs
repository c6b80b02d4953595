//! The store on SQLite and on PostgreSQL: the same bodies on both.

#![expect(clippy::unwrap_used, reason = "a helper that panics fails its test, as it should")]

#[path = "../support/places.rs"]
mod places;
#[path = "../support/postgres.rs"]
mod postgres;

mod admin;
mod archive;
mod bindings;
mod callers;
mod cdr_kill;
mod cdr_writer;
mod cdrs;
mod first_version;
mod journal;
mod letters;
mod messages;
mod million;
mod pins;
mod rows;
mod sample;
mod seeding;
mod spool;
mod statistics;
mod subscriptions;
mod texts;
mod workplaces;

use places::on_both_engines;

on_both_engines! {
    first_version::what_the_first_version_kept_is_there_in_this_one,
    rows::a_domain_is_found_by_its_name_and_its_aliases,
    rows::two_domains_cannot_share_a_name,
    rows::a_user_signs_in_with_the_right_password_only,
    rows::the_one_word_of_an_earlier_version_becomes_roles,
    rows::a_disabled_user_is_nobody,
    rows::a_login_is_unique_in_its_domain_only,
    rows::what_is_not_there_cannot_be_changed,
    rows::the_directory_knows_domains_extensions_and_trunks,
    rows::an_extension_cannot_belong_to_a_user_of_another_domain,
    rows::a_new_sip_password_changes_the_digest_secrets,
    rows::an_extension_is_found_in_its_own_domain_only,
    messages::messages_come_new_ones_first_and_as_they_were,
    messages::a_message_is_delivered_saved_and_deleted_once,
    messages::drafts_are_delivered_and_messages_of_nobody_go_at_the_start,
    messages::a_deleted_message_can_be_restored_until_it_is_purged,
    messages::a_greeting_takes_the_place_of_the_one_before_once_it_is_kept,
    messages::greetings_without_a_verdict_or_an_owner_go_at_the_start,
    letters::a_letter_is_queued_with_each_message_that_becomes_new,
    letters::a_letter_waits_until_it_is_due_and_knows_its_reader,
    letters::nothing_is_left_of_letters_whose_message_or_mailbox_is_gone,
    letters::a_letter_about_a_deleted_message_waits_until_it_is_restored,
    letters::a_sent_letter_takes_its_message_unless_it_was_heard_meanwhile,
    pins::a_line_has_the_pin_that_was_set_alone,
    pins::three_wrong_pins_lock_a_line_until_five_minutes_are_over,
    pins::tries_at_the_same_moment_are_all_counted,
    workplaces::a_line_is_at_one_phone_and_a_phone_has_one_visitor,
    workplaces::only_who_may_signs_in_and_only_in_its_domain,
    workplaces::who_may_no_longer_or_is_gone_is_signed_in_nowhere,
    workplaces::the_directory_knows_who_sits_where,
    callers::a_domain_and_its_lines_have_lists_of_their_own,
    bindings::bindings_come_back_as_they_were,
    bindings::a_refresh_replaces_and_a_removal_removes,
    bindings::a_commit_is_all_or_nothing,
    subscriptions::subscriptions_come_back_as_they_were_above_all_numbers_used,
    subscriptions::a_subscription_is_refreshed_and_removed_and_so_are_its_numbers,
    subscriptions::subscriptions_are_written_all_or_none,
    texts::texts_come_back_as_they_were_oldest_first,
    cdrs::records_come_back_as_they_were,
    cdrs::a_batch_that_is_inserted_twice_is_there_once,
    cdrs::pages_go_back_in_time_without_gap_or_repetition,
    cdrs::filters_keep_domains_numbers_and_times_apart,
    archive::a_call_is_one_row_whatever_the_order_of_its_legs,
    archive::calls_of_a_user_are_those_in_which_a_line_of_theirs_took_part,
    archive::a_search_finds_the_start_of_numbers_and_any_part_of_names,
    archive::pages_go_both_ways_without_gap_or_repetition,
    archive::many_hits_are_met_on_the_way_and_totals_are_estimated,
    archive::the_period_has_a_first_and_no_last_moment,
    archive::records_are_listed_by_number_cause_trunk_and_time,
    archive::calls_from_before_the_archive_are_in_it,
    statistics::figures_of_the_call_log_and_of_the_journal_are_the_same,
    statistics::a_domain_has_its_own_figures_and_more_rows_than_a_page,
    cdr_writer::records_reach_the_database_and_the_spool_is_empty_after_a_drain,
    cdr_writer::records_wait_in_the_spool_while_the_database_refuses,
    cdr_writer::a_drain_that_is_over_time_leaves_the_rest_to_the_next_start,
    admin::an_administrator_is_made_and_signs_in,
    admin::an_extension_is_made_changed_and_removed,
    seeding::the_demo_can_be_seeded_twice,
    seeding::the_demo_has_some_weeks_of_calls_once,
    seeding::a_fresh_database_has_no_credentials,
}
