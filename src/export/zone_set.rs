//! Set of zones of a network, as bits.

/// Zones of a network, by index. Ordered by the lowest zones, so that results do not depend on the order of
/// computation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ZoneSet(Vec<u64>);

impl ZoneSet {
    /// Creates a set.
    pub fn from_indices(zones: impl IntoIterator<Item = usize>) -> Self {
        let mut set = Self::default();
        zones.into_iter().for_each(|zone| set.insert(zone));
        set
    }

    /// Adds a zone.
    pub fn insert(&mut self, zone: usize) {
        let word = zone / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (zone % 64);
    }

    /// Returns true if the set contains the zone.
    pub fn contains(&self, zone: usize) -> bool {
        self.0.get(zone / 64).is_some_and(|word| word & (1 << (zone % 64)) != 0)
    }

    /// Returns the number of zones.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns true for a set without zones.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Returns true if all zones of the set are in the other one.
    pub fn is_within(&self, other: &Self) -> bool {
        let word_of = |index: usize| other.0.get(index).copied().unwrap_or_default();
        self.0.iter().enumerate().all(|(index, word)| word & !word_of(index) == 0)
    }

    /// Returns the zones in ascending order.
    pub fn zones(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| index * 64 + bit)
        })
    }

    /// Returns the zones of this set that are not in the other one.
    pub fn without(&self, other: &Self) -> Self {
        self.combined(other, |own, others| own & !others)
    }

    /// Returns the zones of both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        self.combined(other, |own, others| own & others)
    }

    fn combined(&self, other: &Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        let word_of = |index: usize| other.0.get(index).copied().unwrap_or_default();
        let mut words: Vec<u64> =
            self.0.iter().enumerate().map(|(index, word)| combine(*word, word_of(index))).collect();
        // Equal sets must have equal words.
        while words.last() == Some(&0) {
            words.pop();
        }
        Self(words)
    }
}

#[cfg(test)]
mod tests {
    use super::ZoneSet;

    #[test]
    fn sets_with_equal_zones_are_equal() {
        let all = ZoneSet::from_indices([1, 70, 200]);
        let few = all.without(&ZoneSet::from_indices([200, 3]));
        assert_eq!(few, ZoneSet::from_indices([70, 1]));
        assert_eq!(all.intersection(&few), few);
        assert_eq!(few.zones().collect::<Vec<_>>(), [1, 70]);
        assert!(few.is_within(&all) && !all.is_within(&few) && !few.contains(200));
        assert!(few.without(&all).is_empty() && all.len() == 3);
    }
}
