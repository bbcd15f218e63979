//! What the records are made of: information elements (IANA's registry, RFC 7012), those of the way back under the enterprise number of
//! RFC 5103.

/// The enterprise number under which an element is about the way back (RFC 5103 section 6.1).
pub const REVERSE: u32 = 29_305;
/// A length that stands in the record itself (RFC 7011 section 7).
pub const VARIABLE: u16 = 0xffff;

/// An information element in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InformationElement {
    /// Its number.
    pub id: u16,
    /// Bytes.
    pub length: u16,
    /// Whether it is about the way back.
    pub reverse: bool,
}

const fn element(id: u16, length: u16) -> InformationElement {
    InformationElement { id, length, reverse: false }
}

const fn reverse(id: u16, length: u16) -> InformationElement {
    InformationElement { id, length, reverse: true }
}

/// A template: what its sets of records are.
#[derive(Debug, Clone, Copy)]
pub struct IpfixTemplate {
    /// The number of its data sets.
    pub id: u16,
    /// How many of the elements are the scope; 0: it is no options template.
    pub scopes: u16,
    /// Its elements.
    pub elements: &'static [InformationElement],
}

/// Both kinds of flows differ in their addresses only.
macro_rules! flow {
    ($id:literal, $source:expr, $destination:expr) => {
        IpfixTemplate {
            id: $id,
            scopes: 0,
            elements: &[
                $source,
                $destination,
                element(7, 2),         // sourceTransportPort
                element(11, 2),        // destinationTransportPort
                element(4, 1),         // protocolIdentifier
                element(136, 1),       // flowEndReason
                element(239, 1),       // biflowDirection
                element(58, 2),        // vlanId
                element(56, 6),        // sourceMacAddress
                element(80, 6),        // destinationMacAddress
                element(152, 8),       // flowStartMilliseconds
                element(153, 8),       // flowEndMilliseconds
                element(2, 8),         // packetDeltaCount
                element(1, 8),         // octetDeltaCount
                element(352, 8),       // layer2OctetDeltaCount
                reverse(2, 8),         // reversePacketDeltaCount
                reverse(1, 8),         // reverseOctetDeltaCount
                reverse(352, 8),       // reverseLayer2OctetDeltaCount
                element(96, VARIABLE), // applicationName
            ],
        }
    };
}

/// Flows between IPv4 addresses.
pub const FLOW_V4: IpfixTemplate = flow!(256, element(8, 4), element(12, 4));
/// Flows between IPv6 addresses.
pub const FLOW_V6: IpfixTemplate = flow!(257, element(27, 16), element(28, 16));

/// The metering process's statistics (RFC 7011 section 4.1), and whose they are.
pub const STATISTICS: IpfixTemplate = IpfixTemplate {
    id: 258,
    scopes: 1,
    elements: &[
        element(149, 4),        // observationDomainId
        element(300, VARIABLE), // observationDomainName
        element(40, 8),         // exportedOctetTotalCount
        element(41, 8),         // exportedMessageTotalCount
        element(42, 8),         // exportedFlowRecordTotalCount
        element(164, 8),        // ignoredPacketTotalCount
        element(166, 8),        // notSentFlowTotalCount
    ],
};

/// All of them.
pub const TEMPLATES: [&IpfixTemplate; 3] = [&FLOW_V4, &FLOW_V6, &STATISTICS];

impl IpfixTemplate {
    /// The set in which it is told: 2 for templates, 3 for options templates (RFC 7011 section 3.3.2).
    pub fn set(&self) -> u16 {
        if self.scopes == 0 { 2 } else { 3 }
    }

    /// Its record in that set.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.id.to_be_bytes());
        out.extend((self.elements.len() as u16).to_be_bytes());
        if self.scopes > 0 {
            out.extend(self.scopes.to_be_bytes());
        }
        for element in self.elements {
            let enterprise = if element.reverse { 0x8000 } else { 0 };
            out.extend((element.id | enterprise).to_be_bytes());
            out.extend(element.length.to_be_bytes());
            if element.reverse {
                out.extend(REVERSE.to_be_bytes());
            }
        }
    }
}
