//! Network manifest of the example with more members than it has.

/// Returns a network manifest in which each member occurs `copies` times, with codes, names and address
/// ranges of its own. Labels, variables, campuses and libraries stay.
///
/// Expects one member per `- code:` line, as in `examples/consortium/network.yaml`.
pub fn multiply_members(network: &str, copies: usize) -> String {
    let start = network.find("\n  members:\n").map_or(network.len(), |at| at + "\n  members:\n".len());
    let (head, rest) = network.split_at(start);
    let length: usize =
        rest.split_inclusive('\n').take_while(|line| line.starts_with("    ")).map(str::len).sum();
    let (members, tail) = rest.split_at(length);
    let mut text = format!("{head}{members}");
    let mut ranges = 0;
    for copy in 2..=copies {
        for line in members.lines() {
            text.push_str(&copied_line(line, copy, &mut ranges));
            text.push('\n');
        }
    }
    text + tail
}

/// Returns a line of a member for a copy of it. `ranges` counts the address ranges of all copies.
fn copied_line(line: &str, copy: usize, ranges: &mut usize) -> String {
    if line.trim_start().starts_with("- code: ") && line.starts_with("    - ") {
        return format!("{line}{copy}");
    }
    if let Some(name) = line.strip_prefix("      name: ") {
        let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
        return format!("      name: {first}{copy} {rest}");
    }
    let Some((head, tail)) = line.split_once("ipRanges: [\"") else { return line.to_owned() };
    *ranges += 1;
    let rest = tail.split_once('"').map_or("", |(_, rest)| rest);
    format!("{head}ipRanges: [\"10.{}.{}.0/25\"{rest}", *ranges / 250, *ranges % 250)
}
