//! Lists of a page, below the list of probes: which there are, their rows, and what a row opens.

use super::shown;
use crate::fleet::{
    FleetDetail, FleetSubject, ProbeStory, SharedGroup, StoryConversation, StoryFinding, StoryHost, StoryRecord, StoryService, port_words,
};
use crate::tui::view::Topic;

/// A list of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListKind {
    Conversations,
    Hosts,
    Services,
    Findings,
    Records,
    Seen,
}

impl ListKind {
    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            ListKind::Conversations => "Conversations",
            ListKind::Hosts => "Hosts",
            ListKind::Services => "Services",
            ListKind::Findings => "Findings",
            ListKind::Records => "Records",
            ListKind::Seen => "Seen by",
        }
    }
}

/// Lists of a probe's page.
const PROBE: [ListKind; 4] = [ListKind::Conversations, ListKind::Hosts, ListKind::Services, ListKind::Findings];
/// Of the page of a host or a service.
const HOST: [ListKind; 5] = [ListKind::Conversations, ListKind::Hosts, ListKind::Services, ListKind::Seen, ListKind::Records];
/// Of a conversation's page.
const CONVERSATION: [ListKind; 2] = [ListKind::Seen, ListKind::Records];

/// Lists of the page about a subject, or about a probe.
pub(super) fn kinds(subject: Option<&FleetSubject>) -> &'static [ListKind] {
    match subject {
        None => &PROBE,
        Some(FleetSubject::Conversation { .. }) => &CONVERSATION,
        Some(_) => &HOST,
    }
}

/// What a page is about, and its lists.
#[derive(Clone, Copy)]
pub(super) enum Told<'a> {
    Probe(&'a ProbeStory),
    Subject(&'a FleetDetail),
}

/// A row of a list.
#[derive(Clone, Copy)]
pub(super) enum PageRow<'a> {
    Conversation(&'a StoryConversation),
    Host(&'a StoryHost),
    Service(&'a StoryService),
    Finding(&'a StoryFinding),
    Record(&'a StoryRecord),
    Seen(&'a SharedGroup),
}

impl<'a> Told<'a> {
    /// Rows of a list.
    fn all(self, kind: ListKind) -> Vec<PageRow<'a>> {
        let (conversations, hosts, services): (&'a [_], &'a [_], &'a [_]) = match self {
            Told::Probe(story) => (&story.conversations, &story.hosts, &story.services),
            Told::Subject(detail) => (&detail.conversations, &detail.hosts, &detail.services),
        };
        let (findings, records, seen): (&'a [_], &'a [_], &'a [_]) = match self {
            Told::Probe(story) => (&story.findings, &[], &[]),
            Told::Subject(detail) => (&[], &detail.records, &detail.seen),
        };
        match kind {
            ListKind::Conversations => conversations.iter().map(PageRow::Conversation).collect(),
            ListKind::Hosts => hosts.iter().map(PageRow::Host).collect(),
            ListKind::Services => services.iter().map(PageRow::Service).collect(),
            ListKind::Findings => findings.iter().map(PageRow::Finding).collect(),
            ListKind::Records => records.iter().map(PageRow::Record).collect(),
            ListKind::Seen => seen.iter().map(PageRow::Seen).collect(),
        }
    }

    /// Rows that have a text in them, in whatever case.
    pub fn rows(self, kind: ListKind, filter: &str) -> Vec<(Topic, PageRow<'a>)> {
        let wanted = filter.to_lowercase();
        let rows = self.all(kind).into_iter().filter(|row| wanted.is_empty() || row.words().to_lowercase().contains(&wanted));
        rows.map(|row| (Topic::App(format!("{}\0{}", kind.title(), row.words())), row)).collect()
    }
}

impl PageRow<'_> {
    /// Everything that a filter looks at; tells rows of a list apart.
    fn words(&self) -> String {
        match self {
            PageRow::Conversation(c) => format!("{} {} {} {}", c.source, c.destination, port_words(c.port, c.protocol), c.app),
            PageRow::Host(h) => h.address.clone(),
            PageRow::Service(x) => format!("{} {} {}", x.address, port_words(x.port, x.protocol), x.app),
            PageRow::Finding(f) => format!("{} {} {}", f.title, f.id, f.first),
            PageRow::Record(r) => {
                format!("{} {}:{} {}:{} {} {}", r.probe, r.source.0, r.source.1, r.destination.0, r.destination.1, r.first, r.duration)
            }
            PageRow::Seen(group) => shown::path(group),
        }
    }

    /// The page it opens.
    pub fn subject(&self) -> Option<FleetSubject> {
        match self {
            PageRow::Conversation(c) => Some(FleetSubject::Conversation {
                source: c.source.clone(),
                destination: c.destination.clone(),
                port: c.port,
                protocol: c.protocol,
            }),
            PageRow::Host(h) => Some(FleetSubject::Host(h.address.clone())),
            PageRow::Service(x) => Some(FleetSubject::Service { address: x.address.clone(), port: x.port, protocol: x.protocol }),
            PageRow::Finding(_) | PageRow::Record(_) | PageRow::Seen(_) => None,
        }
    }
}
