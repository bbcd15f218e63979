#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| spantop_fuzz::run("structured_pcapng", data));
