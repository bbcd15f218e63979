//! The dashboard: an engine in the background, a screen in front.

use super::{check, engine_settings, signals, source};
use crate::cli::{Color, Common, Input, Live};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::model::limits::MAX_PACKET_BYTES;
use crate::snapshot::Query;
use crate::tui;
