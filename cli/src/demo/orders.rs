//! What customers order, and what goes wrong with it: decided by a seed alone, so that a run can be had again.
//!
//! Pure: no time, no network. The twists are carried in the order's own fields (a card, an article, an attachment), as
//! they would be in a real shop; the functions and the stand-ins of [`super::town`] know nothing of this module.

use serde_json::{Value, json};

/// What is special about an order, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Twist {
    /// Nothing.
    Plain,
    /// The stock database takes its time: inventory is slow, and with it checkout.
    SlowStock,
    /// The payment provider takes its time.
    SlowPayment,
    /// The bank says no: checkout raises.
    Declined,
    /// The payment provider never answers: checkout runs into its time limit.
    Hanging,
    /// An article that is no longer sold: inventory throws, checkout apologises.
    Discontinued,
    /// A whole tea room's order: inventory asks for each article, one after the other.
    Wholesale,
    /// A receipt with the whole catalogue attached: mailer runs out of memory.
    Catalogue,
}

/// One order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) number: u64,
    pub(super) twist: Twist,
    goods: Vec<(&'static str, u64)>,
}

/// Orders that arrive together.
pub(super) type Burst = Vec<Order>;

/// The customers: an endless supply of orders.
pub(super) struct Customers {
    dice: Dice,
    next_number: u64,
}

/// Numbers that look random and depend on the seed alone (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

const GOODS: [&str; 6] = [
    "teapot",
    "kettle",
    "cup",
    "saucer",
    "strainer",
    "honey-spoon",
];

/// How often each twist comes up when a fixed amount of traffic is driven.
const PLANTED: [(Twist, usize); 7] = [
    (Twist::SlowStock, 3),
    (Twist::SlowPayment, 2),
    (Twist::Declined, 2),
    (Twist::Hanging, 2),
    (Twist::Discontinued, 1),
    (Twist::Wholesale, 4),
    (Twist::Catalogue, 2),
];

/// Three functions and a few failures make about 80 invocations of these.
pub(super) const FIXED_ORDERS: usize = 28;
/// Articles of a large order.
const WHOLESALE_ARTICLES: u64 = 12;

impl Customers {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            next_number: 1,
        }
    }

    /// A fixed amount of traffic in which every twist comes up, in an order that the seed decides; of more orders than
    /// [`FIXED_ORDERS`] each comes up as much more often.
    pub(super) fn fixed(&mut self, orders: usize) -> Vec<Burst> {
        let times_more = (orders / FIXED_ORDERS).max(1);
        let mut twists: Vec<Twist> = PLANTED
            .iter()
            .flat_map(|&(twist, times)| std::iter::repeat_n(twist, times * times_more))
            .collect();
        twists.resize(orders.max(FIXED_ORDERS), Twist::Plain);
        self.dice.shuffle(&mut twists);
        let mut bursts = Vec::new();
        let mut rest = twists.as_slice();
        while !rest.is_empty() {
            let size = self.dice.between(2, 4).min(rest.len() as u64) as usize;
            let (now, later) = rest.split_at(size);
            bursts.push(now.iter().map(|&twist| self.order(twist)).collect());
            rest = later;
        }
        bursts
    }

    /// The next few orders of a quiet day: mostly one at a time, now and then a rush, now and then trouble.
    pub(super) fn gentle(&mut self) -> Burst {
        let size = match self.dice.below(6) {
            0 => 4,
            1 => 2,
            _ => 1,
        };
        (0..size)
            .map(|_| {
                let twist = match self.dice.below(40) {
                    0..5 => Twist::SlowStock,
                    5..8 => Twist::SlowPayment,
                    8..10 => Twist::Declined,
                    10 => Twist::Hanging,
                    11 => Twist::Discontinued,
                    12 => Twist::Catalogue,
                    13..18 => Twist::Wholesale,
                    _ => Twist::Plain,
                };
                self.order(twist)
            })
            .collect()
    }

    /// Milliseconds until the next orders of a quiet day.
    pub(super) fn pause_ms(&mut self) -> u64 {
        self.dice.between(300, 2_500)
    }

    fn order(&mut self, twist: Twist) -> Order {
        let number = self.next_number;
        self.next_number += 1;
        let articles = match twist {
            Twist::Wholesale => WHOLESALE_ARTICLES,
            _ => self.dice.between(1, 3),
        };
        let mut goods: Vec<(&'static str, u64)> = (0..articles)
            .map(|_| {
                let article = GOODS[self.dice.below(GOODS.len() as u64) as usize];
                (article, self.dice.between(1, 4))
            })
            .collect();
        match twist {
            Twist::SlowStock => goods.push((super::town::SLOW_ARTICLE, 1)),
            Twist::Discontinued => goods.push((super::town::DISCONTINUED_ARTICLE, 1)),
            _ => {}
        }
        Order {
            number,
            twist,
            goods,
        }
    }
}

impl Order {
    /// The body of the request to checkout.
    pub(super) fn body(&self) -> Value {
        let items: Vec<Value> = self
            .goods
            .iter()
            .map(|(sku, count)| json!({"sku": sku, "count": count}))
            .collect();
        let card = match self.twist {
            Twist::Declined => super::town::DECLINED_CARD,
            Twist::Hanging => super::town::HANGING_CARD,
            Twist::SlowPayment => super::town::SLOW_CARD,
            _ => "5555-plain",
        };
        let attach = match self.twist {
            Twist::Catalogue => json!("catalogue"),
            _ => Value::Null,
        };
        json!({
            "order": self.number,
            "email": format!("customer-{}@example.com", self.number),
            "items": items,
            "card": card,
            "attach": attach,
        })
    }
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `limit`, which is small: the bias of the remainder does not matter here.
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_orders_the_same() {
        let fixed = |seed| Customers::new(seed).fixed(FIXED_ORDERS);
        assert_eq!(fixed(7), fixed(7));
        assert_ne!(fixed(7), fixed(8));
    }

    #[test]
    fn fixed_traffic_has_every_twist_whatever_the_seed() {
        for seed in 0..50 {
            let bursts = Customers::new(seed).fixed(FIXED_ORDERS);
            let orders: Vec<&Order> = bursts.iter().flatten().collect();
            assert_eq!(orders.len(), FIXED_ORDERS);
            for (twist, times) in PLANTED {
                let found = orders.iter().filter(|order| order.twist == twist).count();
                assert_eq!(found, times, "seed {seed}, {twist:?}");
            }
            assert!(
                bursts.iter().all(|burst| burst.len() <= 4),
                "seed {seed}: no burst is larger than the machine"
            );
        }
    }
}
