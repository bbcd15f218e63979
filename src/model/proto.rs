//! Protocols this program knows, each with its token, family and full name: one line a protocol.

/// Families share a hue on every screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Link framing: Ethernet, VLAN, LLC, PPP, 802.11.
    Link,
    /// Switch and router control: STP, LLDP, LACP, OSPF, VRRP.
    Control,
    /// Network layer: ARP, IPv4, IPv6, ICMP.
    Network,
    /// Transport: TCP, UDP, SCTP.
    Transport,
    /// Tunnels and encryption below the transport: GRE, ESP, MPLS.
    Tunnel,
    /// Web: HTTP, TLS, QUIC.
    Web,
    /// Names, addresses and time: DNS, DHCP, NTP.
    Infrastructure,
    /// Files and databases.
    Storage,
    /// Voice and video.
    Media,
    /// Anything else.
    Other,
}

macro_rules! protocols {
    ($($variant:ident $token:literal $family:ident $name:literal;)*) => {
        /// A protocol. The discriminant is its code inside a [`super::Path`] (never 0); codes are not stable across versions.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each variant's documentation is its `name()`")]
        #[allow(clippy::manual_non_exhaustive, reason = "the hidden variant is code 0, which a path uses for nothing")]
        pub enum Proto { #[doc(hidden)] Never = 0, $($variant,)* }

        impl Proto {
            /// Every protocol, in table order.
            pub const ALL: &'static [Proto] = &[$(Proto::$variant,)*];

            /// The field's usual token, as in Wireshark's display filter names.
            pub const fn token(self) -> &'static str {
                match self { Proto::Never => "", $(Proto::$variant => $token,)* }
            }

            /// The protocol's full name.
            pub const fn name(self) -> &'static str {
                match self { Proto::Never => "", $(Proto::$variant => $name,)* }
            }

            /// The family whose hue it wears.
            pub const fn family(self) -> Family {
                match self { Proto::Never => Family::Other, $(Proto::$variant => Family::$family,)* }
            }
        }
    };
}

impl Proto {
    /// The protocol of a code stored in a path.
    pub fn from_code(code: u8) -> Option<Proto> {
        Proto::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }
}

/// Which protocols were seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProtoSet([u64; 4]);

impl ProtoSet {
    /// Adds one.
    pub fn insert(&mut self, proto: Proto) {
        let code = proto as usize;
        if let Some(word) = self.0.get_mut(code / 64) {
            *word |= 1 << (code % 64);
        }
    }

    /// Whether it is among them.
    pub fn has(&self, proto: Proto) -> bool {
        let code = proto as usize;
        self.0.get(code / 64).is_some_and(|word| word >> (code % 64) & 1 == 1)
    }

    /// Adds those of another.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
    }
}

protocols! {
    Data "data" Other "Undecoded data";
    EtherTypeLeaf "ethertype" Other "EtherType without a decoder";
    IpProtocolLeaf "ip-proto" Other "IP protocol without a decoder";
    SapLeaf "llc-sap" Other "LLC service access point without a decoder";
    PppLeaf "ppp-proto" Other "PPP protocol without a decoder";
    LinkTypeLeaf "linktype" Other "Link type without a decoder";

    Eth "eth" Link "Ethernet";
    Sll "sll" Link "Linux cooked capture";
    Null "null" Link "BSD loopback";
    Raw "raw" Link "Raw IP";
    Ppp "ppp" Link "Point-to-Point Protocol";
    Chdlc "chdlc" Link "Cisco HDLC";
    Fr "fr" Link "Frame Relay";
    Fddi "fddi" Link "FDDI";
    Tr "tr" Link "Token ring";
    Prism "prism" Link "802.11 Prism header";
    Avs "wlancap" Link "802.11 AVS header";
    Netlink "netlink" Link "Linux netlink";
    Nflog "nflog" Link "Linux netfilter log";
    Pktap "pktap" Link "Darwin packet tap";
    Ppi "ppi" Link "Per-packet information";
    Erf "erf" Link "Endace record";
    Juniper "juniper" Link "Juniper packet capture header";
    Pflog "pflog" Link "BSD packet filter log";
    Enc "enc" Link "OpenBSD encapsulating interface";
    Ipnet "ipnet" Link "Solaris IP interface";
    Ipoib "ipoib" Link "IP over InfiniBand";
    Ipfc "ipfc" Link "IP over Fibre Channel";
    Ap1394 "ap1394" Link "IP over FireWire (Apple)";
    Arcnet "arcnet" Link "ARCNET";
    Atm "atm" Link "ATM";
    Lane "lane" Link "ATM LAN emulation";
    Slip "slip" Link "Serial line IP";
    Epon "epon" Link "Ethernet passive optical network";
    Wpan "wpan" Link "IEEE 802.15.4";
    WpanTap "wpan-tap" Link "IEEE 802.15.4 with radio information";
    Lowpan "6lowpan" Network "6LoWPAN";
    Usb "usb" Other "USB";
    Usbll "usbll" Other "USB 2.0 link layer";
    Bluetooth "bluetooth" Other "Bluetooth";
    Can "can" Other "CAN bus";
    Canfd "canfd" Other "CAN bus with flexible data rate";
    Irlap "irlap" Link "Infrared link access";
    Isi "isi" Control "Intelligent service interface";
    Llap "llap" Link "Apple LocalTalk";
    Ax25 "ax25" Link "AX.25";
    Mtp2 "mtp2" Control "SS7 message transfer part 2";
    Mtp3 "mtp3" Control "SS7 message transfer part 3";
    Lapd "lapd" Control "ISDN D channel";
    Docsis "docsis" Link "DOCSIS";
    Fc "fc" Storage "Fibre Channel";
    Infiniband "infiniband" Link "InfiniBand";
    Mp2t "mp2t" Media "MPEG-2 transport stream";
    Dbus "dbus" Other "D-Bus";
    Vsock "vsock" Link "Virtual machine sockets";
    ExportedPdu "exported_pdu" Other "Exported upper-layer message";
    Radiotap "radiotap" Link "802.11 radiotap header";
    WlanRadio "wlan_radio" Link "802.11 radio information";
    Wlan "wlan" Link "IEEE 802.11";
    WlanMgt "wlan.mgt" Control "802.11 management";

    Vlan "vlan" Link "IEEE 802.1Q VLAN";
    Ieee8021ad "ieee8021ad" Link "IEEE 802.1ad (Q-in-Q)";
    Ieee8021ah "ieee8021ah" Tunnel "IEEE 802.1ah (MAC-in-MAC)";
    Llc "llc" Link "IEEE 802.2 LLC";
    Macsec "macsec" Tunnel "IEEE 802.1AE MACsec";
    Mpls "mpls" Tunnel "MPLS";
    Pppoed "pppoed" Control "PPPoE discovery";
    Pppoes "pppoes" Tunnel "PPPoE session";

    PwEthCw "pwethcw" Tunnel "Ethernet pseudowire control word";
    Lcp "lcp" Control "PPP link control";
    Pap "pap" Control "PPP password authentication";
    Chap "chap" Control "PPP challenge authentication";
    Ipcp "ipcp" Control "PPP IP control";
    Ipv6cp "ipv6cp" Control "PPP IPv6 control";
    Ccp "ccp" Control "PPP compression control";
    Mplscp "mplscp" Control "PPP MPLS control";
    Mp "mp" Link "PPP multilink";
    CompData "comp_data" Link "PPP compressed datagram";
    Vjc "vjc" Link "Van Jacobson compressed TCP/IP";
    Bcp "bcp_bpdu" Link "PPP bridged frame";
    Slarp "slarp" Control "Cisco SLARP";

    Arp "arp" Network "ARP";
    Rarp "rarp" Network "Reverse ARP";
    Ip "ip" Network "IPv4";
    Ipv6 "ipv6" Network "IPv6";
    Icmp "icmp" Network "ICMP";
    Icmpv6 "icmpv6" Network "ICMPv6";
    Igmp "igmp" Network "IGMP";

    Tcp "tcp" Transport "TCP";
    Udp "udp" Transport "UDP";
    Udplite "udplite" Transport "UDP-Lite";
    Sctp "sctp" Transport "SCTP";
    Dccp "dccp" Transport "DCCP";

    Ah "ah" Tunnel "IPsec Authentication Header";
    Esp "esp" Tunnel "IPsec ESP";
    Gre "gre" Tunnel "GRE";
    Etherip "etherip" Tunnel "Ethernet in IP";
    Ipcomp "ipcomp" Tunnel "IP payload compression";
    Ipip "ipip" Tunnel "IP in IP (protocol 94)";
    Mobile "mobile" Tunnel "IP mobility (minimal encapsulation)";
    L2tp "l2tp" Tunnel "L2TP";
    Erspan "erspan" Tunnel "ERSPAN (remote SPAN over GRE)";
    Tzsp "tzsp" Tunnel "TaZmen Sniffer Protocol";
    HpErm "hp_erm" Tunnel "HP remote mirroring";
    ArubaErm "aruba_erm" Tunnel "Aruba access point remote mirroring";
    Jmirror "jmirror" Tunnel "Juniper packet mirror";
    Sflow "sflow" Infrastructure "sFlow";
    Vxlan "vxlan" Tunnel "VXLAN";
    VxlanGpe "vxlan_gpe" Tunnel "VXLAN generic protocol extension";
    Geneve "geneve" Tunnel "Geneve";
    Nsh "nsh" Tunnel "Network service header";
    Gtp "gtp" Tunnel "GTP user plane";
    Capwap "capwap.data" Tunnel "CAPWAP data";
    Lwapp "lwapp" Tunnel "LWAPP";
    Teredo "teredo" Tunnel "Teredo";
    Lisp "lisp-data" Tunnel "LISP data";
    Cfp "cfp" Tunnel "Cisco FabricPath";
    Trill "trill" Tunnel "TRILL";
    Vntag "vntag" Link "Cisco VN-tag";
    Etag "etag" Link "IEEE 802.1BR E-tag";
    Cmd "cmd" Link "Cisco MetaData";
    Avsp "avsp" Link "Arista time stamp header";
    Gmhdr "gmhdr" Link "Gigamon header";
    Ttag "ttag" Link "Cisco time tag";
    Dsa "dsa" Link "Marvell DSA tag";
    Edsa "edsa" Link "Marvell Ethertype DSA tag";
    BrcmTag "brcm-tag" Link "Broadcom switch tag";
    Rsvp "rsvp" Control "RSVP";
    Pgm "pgm" Transport "Pragmatic general multicast";
    Ospf "ospf" Control "OSPF";
    Eigrp "eigrp" Control "EIGRP";
    Pim "pim" Control "PIM";
    Vrrp "vrrp" Control "VRRP";
    Carp "carp" Control "CARP";
    Nhrp "nhrp" Control "NHRP";
    Mipv6 "mipv6" Network "Mobile IPv6";

    Stp "stp" Control "Spanning tree";
    Cdp "cdp" Control "Cisco Discovery Protocol";
    Vtp "vtp" Control "VLAN Trunking Protocol";
    Dtp "dtp" Control "Dynamic Trunking Protocol";
    Pagp "pagp" Control "Port Aggregation Protocol";
    Udld "udld" Control "Unidirectional Link Detection";
    Isis "isis" Control "IS-IS";
    Slow "slow" Control "IEEE 802.3 slow protocols";
    Lacp "lacp" Control "Link Aggregation Control Protocol";
    Lldp "lldp" Control "LLDP";
    Marker "marker" Control "Link aggregation marker";
    Oam "oampdu" Control "802.3 OAM";
    Ossp "ossp" Control "Organisation-specific slow protocol";
    Cfm "cfm" Control "802.1ag connectivity fault management";
    Mvrp "mrp-mvrp" Control "Multiple VLAN registration";
    Clnp "clnp" Network "OSI CLNP";
    Esis "esis" Control "OSI ES-IS";
    Decnet "dec_dna" Network "DECnet";
    Lat "lat" Other "DEC local area transport";
    IntelAns "ans" Control "Intel advanced network services";
    Realtek "realtek" Control "Realtek switch protocols";
    Wol "wol" Control "Wake on LAN";
    Homeplug "homeplug-av" Link "HomePlug AV";
    Ncsi "ncsi" Control "NC-SI";
    Prp "prp" Control "Parallel redundancy (PRP, HSR)";
    Avtp "ieee1722" Media "Audio video transport (IEEE 1722)";
    Ethercat "ecatf" Control "EtherCAT";
    Goose "goose" Control "IEC 61850 GOOSE";
    SampledValues "sv" Control "IEC 61850 sampled values";
    MacControl "macc" Control "MAC control (pause, PFC)";
    Loop "loop" Control "Configuration test (loopback)";
    Eapol "eapol" Control "802.1X authentication";
    Ptp "ptp" Infrastructure "Precision Time Protocol";
    Fcoe "fcoe" Storage "Fibre Channel over Ethernet";
    Fip "fip" Storage "FCoE Initialization Protocol";
    Profinet "pn_rt" Control "PROFINET real time";
    Ipx "ipx" Network "IPX";
    Netbios "netbios" Storage "NetBIOS";
    Aarp "aarp" Network "AppleTalk ARP";
    Ddp "ddp" Network "AppleTalk DDP";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_tokens_are_unique() {
        let mut tokens = std::collections::HashSet::new();
        for &p in Proto::ALL {
            assert_eq!(Proto::from_code(p as u8), Some(p));
            assert!(tokens.insert(p.token()), "token {} twice", p.token());
            assert!(!p.name().is_empty());
        }
        assert_eq!(Proto::from_code(0), None);
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        for &proto in Proto::ALL {
            let mut set = ProtoSet::default();
            set.insert(proto);
            let mut both = set;
            both.insert(Proto::Tcp);
            set.add(&ProtoSet::default());
            assert!(Proto::ALL.iter().all(|other| set.has(*other) == (*other == proto)), "{proto:?}");
            assert!(both.has(proto) && both.has(Proto::Tcp) && (proto == Proto::Udp || !both.has(Proto::Udp)));
        }
    }
}
