//! offer_answer
