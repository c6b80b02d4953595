//! Tones that tell a caller how its call goes, as the networks of countries play them.

use crate::{codec::Rate, sound::Sound, tone::linear_sum};

/// What a tone tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProgressTone {
    /// Dial a number.
    Dial,
    /// The other phone rings.
    Ringback,
    /// The called party is busy.
    Busy,
    /// The network has no way there.
    Congestion,
}

/// Whose tones.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Country {
    #[default]
    Russia,
    UnitedStates,
    UnitedKingdom,
    Germany,
    France,
    Italy,
    Spain,
    Netherlands,
    Switzerland,
    Finland,
    Poland,
    Sweden,
}

/// The tones of a country, ready to be played without end.
#[derive(Clone, Debug)]
pub struct ProgressTones([Sound; ProgressTone::ALL.len()]);

/// A part of a tone: one or two frequencies in Hz, or [`SILENCE`], and for how many milliseconds; 0 for
/// a tone without pause.
type Part = (&'static [u16], u32);

impl ProgressTone {
    /// All.
    pub const ALL: [Self; 4] = [Self::Dial, Self::Ringback, Self::Busy, Self::Congestion];

    /// As plans name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "congestion",
        }
    }

    /// Reads what [`Self::name`] gives.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl Country {
    /// All.
    pub const ALL: [Self; 12] = [
        Self::Russia,
        Self::UnitedStates,
        Self::UnitedKingdom,
        Self::Germany,
        Self::France,
        Self::Italy,
        Self::Spain,
        Self::Netherlands,
        Self::Switzerland,
        Self::Finland,
        Self::Poland,
        Self::Sweden,
    ];

    /// As configurations name it: ISO 3166, with the `uk` that it reserves.
    pub fn code(self) -> &'static str {
        match self {
            Self::Russia => "ru",
            Self::UnitedStates => "us",
            Self::UnitedKingdom => "uk",
            Self::Germany => "de",
            Self::France => "fr",
            Self::Italy => "it",
            Self::Spain => "es",
            Self::Netherlands => "nl",
            Self::Switzerland => "ch",
            Self::Finland => "fi",
            Self::Poland => "pl",
            Self::Sweden => "se",
        }
    }

    /// Reads what [`Self::code`] gives.
    pub fn with_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code() == code)
    }

    /// As the table of countries that comes with Asterisk has it (`indications.conf`); where a country
    /// has several, one of them.
    fn cadence(self, tone: ProgressTone) -> &'static [Part] {
        use ProgressTone::{Busy, Congestion, Dial, Ringback};
        match (self, tone) {
            (Self::Russia, Dial) => &[(&[425], 0)],
            (Self::Russia, Ringback) => &[(&[425], 1000), (SILENCE, 4000)],
            (Self::Russia, Busy) => &[(&[425], 350), (SILENCE, 350)],
            (Self::Russia, Congestion) => &[(&[425], 175), (SILENCE, 175)],

            (Self::UnitedStates, Dial) => &[(&[350, 440], 0)],
            (Self::UnitedStates, Ringback) => &[(&[440, 480], 2000), (SILENCE, 4000)],
            (Self::UnitedStates, Busy) => &[(&[480, 620], 500), (SILENCE, 500)],
            (Self::UnitedStates, Congestion) => &[(&[480, 620], 250), (SILENCE, 250)],

            (Self::UnitedKingdom, Dial) => &[(&[350, 440], 0)],
            (Self::UnitedKingdom, Ringback) => {
                &[(&[400, 450], 400), (SILENCE, 200), (&[400, 450], 400), (SILENCE, 2000)]
            }
            (Self::UnitedKingdom, Busy) => &[(&[400], 375), (SILENCE, 375)],
            (Self::UnitedKingdom, Congestion) => {
                &[(&[400], 400), (SILENCE, 350), (&[400], 225), (SILENCE, 525)]
            }

            (Self::Germany, Dial) => &[(&[425], 0)],
            (Self::Germany, Ringback) => &[(&[425], 1000), (SILENCE, 4000)],
            (Self::Germany, Busy) => &[(&[425], 480), (SILENCE, 480)],
            (Self::Germany, Congestion) => &[(&[425], 240), (SILENCE, 240)],

            (Self::France, Dial) => &[(&[440], 0)],
            (Self::France, Ringback) => &[(&[440], 1500), (SILENCE, 3500)],
            (Self::France, Busy) => &[(&[440], 500), (SILENCE, 500)],
            (Self::France, Congestion) => &[(&[440], 250), (SILENCE, 250)],

            (Self::Italy, Dial) => &[(&[425], 200), (SILENCE, 200), (&[425], 600), (SILENCE, 1000)],
            (Self::Italy, Ringback) => &[(&[425], 1000), (SILENCE, 4000)],
            (Self::Italy, Busy) => &[(&[425], 500), (SILENCE, 500)],
            (Self::Italy, Congestion) => &[(&[425], 200), (SILENCE, 200)],

            (Self::Spain, Dial) => &[(&[425], 0)],
            (Self::Spain, Ringback) => &[(&[425], 1500), (SILENCE, 3000)],
            (Self::Spain, Busy) => &[(&[425], 200), (SILENCE, 200)],
            (Self::Spain, Congestion) => &[
                (&[425], 200),
                (SILENCE, 200),
                (&[425], 200),
                (SILENCE, 200),
                (&[425], 200),
                (SILENCE, 600),
            ],

            (Self::Netherlands, Dial) => &[(&[425], 0)],
            (Self::Netherlands, Ringback) => &[(&[425], 1000), (SILENCE, 4000)],
            (Self::Netherlands, Busy) => &[(&[425], 500), (SILENCE, 500)],
            (Self::Netherlands, Congestion) => &[(&[425], 250), (SILENCE, 250)],

            (Self::Switzerland, Dial) => &[(&[425], 0)],
            (Self::Switzerland, Ringback) => &[(&[425], 1000), (SILENCE, 4000)],
            (Self::Switzerland, Busy) => &[(&[425], 500), (SILENCE, 500)],
            (Self::Switzerland, Congestion) => &[(&[425], 200), (SILENCE, 200)],

            (Self::Finland, Dial) => &[(&[425], 0)],
            (Self::Finland, Ringback) => &[(&[425], 1000), (SILENCE, 4000)],
            (Self::Finland, Busy) => &[(&[425], 300), (SILENCE, 300)],
            (Self::Finland, Congestion) => &[(&[425], 200), (SILENCE, 200)],

            (Self::Poland, Dial) => &[(&[425], 0)],
            (Self::Poland, Ringback) => &[(&[425], 1000), (SILENCE, 4000)],
            (Self::Poland, Busy | Congestion) => &[(&[425], 500), (SILENCE, 500)],

            (Self::Sweden, Dial) => &[(&[425], 0)],
            (Self::Sweden, Ringback) => &[(&[425], 1000), (SILENCE, 5000)],
            (Self::Sweden, Busy) => &[(&[425], 250), (SILENCE, 250)],
            (Self::Sweden, Congestion) => &[(&[425], 250), (SILENCE, 750)],
        }
    }
}

impl ProgressTones {
    /// Those of a country.
    pub fn of(country: Country) -> Self {
        Self(ProgressTone::ALL.map(|tone| {
            let parts = country.cadence(tone).iter();
            Sound::new(Rate::Narrow, parts.copied().flat_map(samples).collect::<Vec<_>>())
        }))
    }

    /// One time round of a tone.
    pub fn tone(&self, tone: ProgressTone) -> &Sound {
        &self.0[tone as usize]
    }
}

impl Default for ProgressTones {
    fn default() -> Self {
        Self::of(Country::default())
    }
}

fn samples((hz, ms): Part) -> Vec<i16> {
    let length = (ms > 0).then(|| Rate::Narrow.samples(ms));
    linear_sum(hz, LEVEL_DBM0, length)
}

/// No frequency.
const SILENCE: &[u16] = &[];

/// Of each frequency: together they are within the −15 to −5 dBm0 of ITU-T E.180 section 2.
const LEVEL_DBM0: i8 = -13;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::Law;

    #[test]
    fn tones_have_the_cadences_and_frequencies_of_their_countries() {
        use ProgressTone::{Busy, Congestion, Dial, Ringback};
        for (code, tone, expected) in [
            ("ru", Dial, "425"),
            ("ru", Ringback, "425/1000 0/4000"),
            ("ru", Busy, "425/350 0/350"),
            ("ru", Congestion, "425/175 0/175"),
            ("us", Dial, "350+440"),
            ("us", Ringback, "440+480/2000 0/4000"),
            ("us", Busy, "480+620/500 0/500"),
            ("us", Congestion, "480+620/250 0/250"),
            ("uk", Dial, "350+440"),
            ("uk", Ringback, "400+450/400 0/200 400+450/400 0/2000"),
            ("uk", Busy, "400/375 0/375"),
            ("uk", Congestion, "400/400 0/350 400/225 0/525"),
            ("de", Dial, "425"),
            ("de", Ringback, "425/1000 0/4000"),
            ("de", Busy, "425/480 0/480"),
            ("de", Congestion, "425/240 0/240"),
            ("fr", Dial, "440"),
            ("fr", Ringback, "440/1500 0/3500"),
            ("fr", Busy, "440/500 0/500"),
            ("fr", Congestion, "440/250 0/250"),
            ("it", Dial, "425/200 0/200 425/600 0/1000"),
            ("es", Ringback, "425/1500 0/3000"),
            ("es", Congestion, "425/200 0/200 425/200 0/200 425/200 0/600"),
            ("se", Congestion, "425/250 0/750"),
        ] {
            let tones = ProgressTones::of(Country::with_code(code).unwrap());
            assert_eq!(heard(tones.tone(tone)), expected, "{code} {tone:?}");
        }
    }

    #[test]
    fn every_tone_of_every_country_is_heard_at_a_level_that_e_180_allows() {
        for country in Country::ALL {
            let tones = ProgressTones::of(country);
            for tone in ProgressTone::ALL {
                let loud: Vec<f64> = tones
                    .tone(tone)
                    .samples()
                    .chunks(200)
                    .map(|it| it.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / 200.0)
                    .filter(|power| *power > 1e6)
                    .collect();
                let mean = loud.iter().sum::<f64>() / loud.len() as f64;
                let full = Law::A.full_scale_peak().powi(2) / 2.0;
                let dbm0 = 10.0 * (mean / full).log10() + Law::A.full_scale_dbm0();
                assert!((-15.0..=-5.0).contains(&dbm0), "{country:?} {tone:?}: {dbm0:.1} dBm0");
            }
            assert_eq!(Country::with_code(country.code()), Some(country));
        }
    }

    /// Frequencies and milliseconds of each part; a whole that has no pause without its length.
    fn heard(sound: &Sound) -> String {
        let quiet = |span: &[i16]| span.iter().all(|it| it.unsigned_abs() < 10);
        let mut parts: Vec<(bool, Vec<i16>)> = Vec::new();
        for span in sound.samples().chunks(40) {
            match parts.last_mut() {
                Some((is_quiet, part)) if *is_quiet == quiet(span) => part.extend_from_slice(span),
                Some(_) | None => parts.push((quiet(span), span.to_vec())),
            }
        }
        let is_steady = parts.len() == 1;
        if is_steady {
            // A whole second tells frequencies apart that are near each other.
            parts[0].1 = sound.samples().iter().copied().cycle().take(8000).collect();
        }
        let told = parts.iter().map(|(is_quiet, part)| {
            let hz = if *is_quiet { "0".to_owned() } else { frequencies(part) };
            if is_steady { hz } else { format!("{hz}/{}", part.len() / 8) }
        });
        told.collect::<Vec<_>>().join(" ")
    }

    fn frequencies(part: &[i16]) -> String {
        let level = |hz: u32| {
            let step = std::f64::consts::TAU * f64::from(hz) / 8000.0;
            let (re, im) = part.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, sample)| {
                let (sin, cos) = (step * n as f64).sin_cos();
                (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin)
            });
            f64::hypot(re, im) / part.len() as f64
        };
        let candidates = [350, 400, 425, 440, 450, 480, 620];
        let loudest = candidates.into_iter().map(level).fold(0.0, f64::max);
        let heard = candidates.into_iter().filter(|hz| level(*hz) > loudest * 0.8);
        heard.map(|hz| hz.to_string()).collect::<Vec<_>>().join("+")
    }
}
