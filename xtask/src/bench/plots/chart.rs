//! Bars that lie, as SVG, written by hand: a plotting crate writes fixed colours, and a picture must be readable in light and dark.
//!
//! The paper is part of the picture, so that whatever page holds it cannot make it unreadable. The colours are those of Okabe and Ito,
//! which people who see fewer colours can tell apart; nothing is said by colour alone.

use std::fmt::{self, Write as _};

const WIDTH: f64 = 880.0;
/// Where bars begin, and where the longest may end: its label stands behind it.
const LEFT: f64 = 250.0;
const RIGHT: f64 = 670.0;
const ROW: f64 = 20.0;
const HEAD: f64 = 58.0;
/// So many lines of the grid at most.
const LINES: f64 = 8.0;

const STYLE: &str = "\
.paper{fill:#fff}text{font:12px system-ui,sans-serif;fill:#222}.title{font-size:15px;font-weight:600}.group{font-weight:600}\
.quiet{fill:#555}.grid{stroke:#ddd}.mark,.half{stroke:#222;stroke-width:1.5}.mark{stroke-dasharray:4 3}\
.nothing{fill:#999}.envoy{fill:#56b4e9}.meshward{fill:#e69f00}.beside{opacity:.45}\
@media(prefers-color-scheme:dark){.paper{fill:#17191f}text{fill:#ddd}.quiet{fill:#aaa}.grid{stroke:#3a3d45}.mark,.half{stroke:#eee}}";

/// A picture.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    /// What the axis counts.
    pub(super) axis: &'static str,
    /// What else there is to know.
    pub(super) note: String,
    /// A value that bars are held against.
    pub(super) mark: Option<f64>,
    pub(super) groups: Vec<Group>,
}

/// Bars that belong together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) title: String,
    pub(super) bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) whose: Whose,
    pub(super) value: f64,
    /// Half of the rounds lie between these.
    pub(super) half: Option<[f64; 2]>,
    /// What comes to it elsewhere.
    pub(super) beside: Option<f64>,
    /// The value in words.
    pub(super) label: String,
}

/// Whose work a bar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Nothing is decided.
    Nothing,
    /// Envoy's own filters.
    Envoy,
    Meshward,
}

impl Whose {
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Nothing, "nothing", "decides nothing"),
        (Self::Envoy, "envoy", "Envoy's own filters"),
        (Self::Meshward, "meshward", "Meshward"),
    ];

    fn class(self) -> &'static str {
        let found = Self::ALL.iter().find(|(whose, ..)| *whose == self);
        found.map(|(_, class, _)| *class).unwrap_or_default()
    }
}

impl Chart {
    /// The picture.
    pub(super) fn svg(&self) -> Result<String, fmt::Error> {
        let step = self.step();
        let most = (self.longest() / step).ceil().max(1.0) * step;
        let across = |value: f64| LEFT + (RIGHT - LEFT) * value / most;
        let (mut rows, mut y) = (String::new(), HEAD);
        for group in &self.groups {
            y += ROW;
            text(&mut rows, "group", 12.0, y - 5.0, "start", &group.title)?;
            for bar in &group.bars {
                bar.draw(&mut rows, y, across)?;
                y += ROW;
            }
        }
        let mut out = String::new();
        let height = y + 62.0;
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>",
            escaped(self.title)
        )?;
        text(&mut out, "title", 12.0, 24.0, "start", self.title)?;
        text(&mut out, "quiet", 12.0, 44.0, "start", &self.note)?;
        let mut value = 0.0;
        while value <= most + step / 2.0 {
            line(&mut out, "grid", [across(value), HEAD], [across(value), y])?;
            text(
                &mut out,
                "quiet",
                across(value),
                y + 15.0,
                "middle",
                &number(value),
            )?;
            value += step;
        }
        out.push_str(&rows);
        if let Some(mark) = self.mark {
            line(&mut out, "mark", [across(mark), HEAD], [across(mark), y])?;
        }
        text(
            &mut out,
            "quiet",
            f64::midpoint(LEFT, RIGHT),
            y + 32.0,
            "middle",
            self.axis,
        )?;
        let mut x = LEFT;
        let bars = || self.groups.iter().flat_map(|group| &group.bars);
        let shown = |whose| bars().any(|bar| bar.whose == whose);
        for (_, class, words) in Whose::ALL.into_iter().filter(|(whose, ..)| shown(*whose)) {
            rect(&mut out, class, [x, y + 42.0], [12.0, 12.0])?;
            text(&mut out, "", x + 18.0, y + 52.0, "start", words)?;
            x += 170.0;
        }
        out.push_str("</svg>\n");
        Ok(out)
    }

    fn longest(&self) -> f64 {
        let bars = self.groups.iter().flat_map(|group| &group.bars);
        bars.map(Bar::end).chain(self.mark).fold(0.0, f64::max)
    }

    /// 1, 2 or 5 of a power of ten, so that a few lines reach to the longest bar.
    fn step(&self) -> f64 {
        let least = (self.longest() / LINES).max(1e-6);
        let power = 10_f64.powf(least.log10().floor());
        let factors = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let fits = factors.into_iter().find(|step| *step >= least * 0.999);
        fits.unwrap_or(least)
    }
}

impl Bar {
    /// Where it ends, with all that is drawn of it.
    fn end(&self) -> f64 {
        let all = self.value + self.beside.unwrap_or(0.0);
        self.half.map_or(all, |[_, high]| all.max(high))
    }

    fn draw(&self, out: &mut String, y: f64, across: impl Fn(f64) -> f64) -> fmt::Result {
        text(out, "", LEFT - 8.0, y + 13.0, "end", &self.name)?;
        let (end, middle) = (across(self.value), y + ROW / 2.0 - 1.0);
        let class = self.whose.class();
        rect(out, class, [LEFT, y + 2.0], [end - LEFT, ROW - 6.0])?;
        if let Some(beside) = self.beside {
            let far = across(self.value + beside);
            rect(
                out,
                &format!("{class} beside"),
                [end, y + 2.0],
                [far - end, ROW - 6.0],
            )?;
        }
        if let Some(half) = self.half {
            let [low, high] = half.map(&across);
            line(out, "half", [low, middle], [high, middle])?;
            for x in [low, high] {
                line(out, "half", [x, middle - 4.0], [x, middle + 4.0])?;
            }
        }
        text(
            out,
            "quiet",
            across(self.end()) + 6.0,
            y + 13.0,
            "start",
            &self.label,
        )
    }
}

fn rect(out: &mut String, class: &str, [x, y]: [f64; 2], [width, height]: [f64; 2]) -> fmt::Result {
    writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
    )
}

fn line(out: &mut String, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) -> fmt::Result {
    writeln!(
        out,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    )
}

fn text(out: &mut String, class: &str, x: f64, y: f64, anchor: &str, words: &str) -> fmt::Result {
    let words = escaped(words);
    writeln!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>"
    )
}

/// As short as it can be said.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escaped(words: &str) -> String {
    words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[f64]) -> Chart {
        let bar = |value: &f64| Bar {
            name: "a < b".to_owned(),
            whose: Whose::Meshward,
            value: *value,
            half: Some([value - 1.0, value + 1.0]),
            beside: None,
            label: String::new(),
        };
        Chart {
            title: "Costs",
            axis: "µs",
            note: String::new(),
            mark: None,
            groups: vec![Group {
                title: "GET".to_owned(),
                bars: values.iter().map(bar).collect(),
            }],
        }
    }

    #[test]
    fn the_grid_has_round_numbers_and_few_lines() {
        for (longest, step) in [(399.0, 50.0), (401.0, 100.0), (7.0, 1.0), (1.2, 0.2)] {
            let chart = chart(&[longest - 1.0]);
            assert!(
                (chart.step() - step).abs() < 1e-9,
                "{longest}: {}",
                chart.step()
            );
        }
    }

    #[test]
    fn a_picture_holds_its_bars_and_no_markup_of_others() {
        let svg = chart(&[10.0, 20.0]).svg().unwrap();
        // Two bars, and one square that says whose they are.
        assert_eq!(svg.matches("class=\"meshward\"").count(), 3);
        assert!(!svg.contains("class=\"envoy\""));
        assert_eq!(svg.matches("a &lt; b").count(), 2);
        assert!(svg.ends_with("</svg>\n"));
    }

    #[test]
    fn nothing_to_show_is_still_a_picture() {
        assert!(!chart(&[]).svg().unwrap().contains("NaN"));
    }
}
