//! One conversion, counted once: which of Meta's overlapping action types counts.
//!
//! Meta reports the same lead up to three times in one row: under the pixel's own type, under a type that adds
//! up its sources, and under one that adds up all places. These are views of one event, not three events, so
//! exactly one tier counts: `omni_*` where there is one, else the aggregated type, else the largest of the
//! specific ones. The largest and not the sum: accounts are on record in which a pixel's purchases come again as
//! purchases on the platform, to the cent, without any total beside them. Values in money are chosen in the same
//! way.

/// The types under which one kind of goal may be reported, widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tiers {
    /// All places together.
    omni: &'static [&'static str],
    /// All sources of one place together.
    aggregated: &'static [&'static str],
    /// Single sources, which may overlap.
    specific: &'static [&'static str],
}

/// Leads: forms on the platform, the pixel on the web, events from a server or an app.
pub(crate) const LEAD: Tiers = Tiers {
    omni: &["omni_lead"],
    aggregated: &["lead"],
    specific: &[
        "offsite_conversion.fb_pixel_lead",
        "onsite_conversion.lead_grouped",
        "app_custom_event.fb_mobile_lead",
    ],
};

/// Purchases.
pub(crate) const PURCHASE: Tiers = Tiers {
    omni: &["omni_purchase"],
    aggregated: &["purchase"],
    specific: &[
        "offsite_conversion.fb_pixel_purchase",
        "onsite_conversion.purchase",
        "app_custom_event.fb_mobile_purchase",
    ],
};

impl Tiers {
    /// The value that counts among what a row reports: action type and value, each type once.
    pub(crate) fn counted<T: Ord>(self, reported: &[(String, T)]) -> Option<&T> {
        [self.omni, self.aggregated, self.specific].into_iter().find_map(|tier| {
            let of_tier = reported.iter().filter(|(name, _)| tier.contains(&name.as_str()));
            of_tier.map(|(_, value)| value).max()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(tiers: Tiers, reported: &[(&str, u64)]) -> u64 {
        let reported: Vec<(String, u64)> =
            reported.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        tiers.counted(&reported).copied().unwrap_or(0)
    }

    #[test]
    fn a_lead_that_is_reported_three_times_counts_once() {
        // Protects: cost per lead, which would be a third of the truth.
        let thrice = [("omni_lead", 2), ("lead", 2), ("offsite_conversion.fb_pixel_lead", 2)];
        assert_eq!(counted(LEAD, &thrice), 2);
        assert_eq!(counted(LEAD, &thrice[1..]), 2);
        assert_eq!(counted(LEAD, &thrice[2..]), 2);
        assert_eq!(counted(LEAD, &[("view_content", 7), ("link_click", 40)]), 0);
    }

    #[test]
    fn sources_without_a_total_are_not_added_up() {
        // Protects: an account in which the pixel's purchases come again as purchases on the platform.
        let doubled =
            [("offsite_conversion.fb_pixel_purchase", 2_932_484), ("onsite_conversion.purchase", 2_932_484)];
        assert_eq!(counted(PURCHASE, &doubled), 2_932_484);
        let sources = [("onsite_conversion.lead_grouped", 3), ("offsite_conversion.fb_pixel_lead", 4)];
        assert_eq!(counted(LEAD, &sources), 4);
        let with_total =
            [("onsite_conversion.lead_grouped", 3), ("lead", 7), ("offsite_conversion.fb_pixel_lead", 4)];
        assert_eq!(counted(LEAD, &with_total), 7);
    }

    #[test]
    fn no_type_stands_in_two_tiers_or_two_goals() {
        // Protects: the table itself; a type listed twice would count twice.
        let mut seen = std::collections::BTreeSet::new();
        for tiers in [LEAD, PURCHASE] {
            for name in tiers.omni.iter().chain(tiers.aggregated).chain(tiers.specific) {
                assert!(seen.insert(*name), "{name} twice");
            }
        }
    }
}
