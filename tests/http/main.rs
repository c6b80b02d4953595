//! The API on SQLite and on PostgreSQL, in this process: the same bodies on both.

#![expect(clippy::unwrap_used, reason = "a helper that panics fails its test, as it should")]

#[path = "../support/base64.rs"]
mod base64;
#[path = "../support/places.rs"]
#[expect(dead_code, reason = "the store's tests need more of it")]
mod places;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "the store's tests need more of it")]
mod postgres;

mod admin;
mod administration;
mod archive;
mod callers;
mod configuration;
mod domains;
mod house;
mod limits;
mod mailboxes;
mod matrix;
mod me;
mod pages;
mod panels;
mod recordings;
mod recovery;
mod signing_in;
mod trunks;
mod workplaces;

use places::on_both_engines;

on_both_engines! {
    signing_in::somebody_signs_in_and_out,
    signing_in::what_is_wrong_with_the_credentials_is_not_told,
    signing_in::a_request_that_changes_something_needs_the_token_and_our_origin,
    signing_in::a_session_ends_when_it_is_idle_or_old,
    signing_in::a_cookie_for_plain_http_is_given_only_where_the_configuration_says_so,
    administration::lines_are_made_changed_and_removed_and_calls_go_by_it,
    administration::a_line_of_another_domain_is_not_there_and_nonsense_is_named,
    administration::a_dialplan_is_saved_whole_or_not_at_all,
    administration::the_audit_tells_what_was_changed_in_a_dialplan,
    administration::a_call_is_tried_on_texts_that_are_not_saved,
    administration::a_dialplan_of_another_domain_is_not_there,
    administration::health_tells_figures_of_this_process,
    callers::a_domain_and_a_line_have_lists_and_calls_go_by_them,
    callers::what_means_no_caller_is_told_beside_its_entry,
    mailboxes::an_owner_and_an_administrator_set_where_letters_go_and_the_pin,
    mailboxes::what_cannot_be_set_for_a_mailbox_is_told_beside_its_field,
    workplaces::who_sits_where_is_listed_and_ended_and_calls_go_by_it,
    workplaces::the_right_to_sign_in_is_off_unless_it_is_given_and_ends_with_it,
    trunks::trunks_are_made_changed_and_removed_and_calls_go_by_it,
    trunks::what_is_wrong_with_a_trunk_is_told_beside_its_field_as_the_file_would,
    trunks::trunks_of_the_file_are_shown_and_changed_there,
    trunks::a_trunk_that_dialplans_name_keeps_its_name_and_stays,
    trunks::a_row_that_the_file_gets_in_the_way_of_says_so,
    trunks::a_trunk_signs_in_by_a_password_that_is_kept_and_by_a_name_of_its_own,
    trunks::a_password_of_a_trunk_is_kept_and_never_told,
    configuration::the_configuration_in_force_is_shown_without_its_secrets,
    domains::domains_are_made_changed_and_removed_and_calls_go_by_it,
    domains::what_is_wrong_with_a_domain_is_told_beside_its_field,
    domains::a_name_means_one_domain_and_stays_with_it,
    domains::a_domain_is_removed_when_nothing_is_left_in_it_and_never_ones_own,
    domains::an_alias_that_the_configuration_file_names_stays,
    domains::a_domain_that_is_asked_for_twice_is_made_once,
    archive::an_operator_sees_the_calls_of_their_lines_and_a_supervisor_all,
    archive::a_list_is_filtered_sorted_and_goes_page_by_page,
    archive::a_card_tells_legs_and_history_and_an_interaction_its_operators,
    archive::figures_are_made_of_the_calls_of_ones_own_domain,
    archive::the_call_log_is_read_by_administrators_and_exported_without_formulas,
    panels::a_panel_begins_with_its_lines_and_calls_and_hears_how_they_change,
    panels::a_panel_that_comes_back_misses_nothing_and_gets_nothing_twice,
    panels::lists_are_for_who_may_have_them,
    panels::a_call_is_hung_up_by_its_own_people_and_by_who_may,
    panels::panels_are_told_why_they_are_closed,
    panels::a_panel_begins_anew_when_its_rights_or_lines_change,
    panels::a_panel_that_does_not_read_is_cut_off,
    me::a_new_password_ends_the_other_sessions,
    me::one_signs_out_elsewhere_but_nobody_else_out,
    me::settings_are_ones_own_and_bounded,
    me::a_wall_shows_the_board_and_may_nothing_else,
    me::a_walls_session_ends_with_its_token,
    limits::ten_wrong_passwords_close_the_account_for_a_while,
    limits::a_command_that_is_sent_twice_is_carried_out_once,
    limits::a_session_that_is_watched_hears_of_its_end_whoever_brings_it,
    limits::what_is_no_request_is_refused_in_words,
    pages::every_answer_forbids_what_the_panel_does_not_need,
    admin::a_person_is_made_changed_and_removed,
    admin::somebody_who_is_disabled_is_out_at_once,
    admin::nobody_disposes_of_rights_that_they_do_not_have,
    admin::a_role_is_made_given_changed_and_removed,
    admin::the_audit_is_paged_filtered_and_of_its_domain,
    recordings::a_recording_is_heard_by_who_sees_its_call_and_each_time_is_written_down,
    recordings::a_recording_is_played_from_anywhere_and_known_by_its_call,
    recovery::a_letter_sets_a_new_password_once_and_within_the_hour,
    recovery::without_a_mail_server_the_answer_is_the_same_and_the_page_knows,
    matrix::what_is_another_domains_is_nobodys,
    matrix::every_route_is_closed_to_strangers_and_to_those_without_its_right,
}
