//! Layers without their compression. Must not take a damaged stream for a whole one: both forms end with a checksum of the data.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::StreamingDecoder;

pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A layer without its compression, which its first bytes tell: the media types of old images are not to be trusted.
pub(super) fn unpacked(raw: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    let mut raw = BufReader::with_capacity(64 * 1024, raw);
    let start = raw.fill_buf()?;
    Ok(if start.starts_with(&GZIP) {
        Box::new(flate2::bufread::MultiGzDecoder::new(raw))
    } else if start.starts_with(&ZSTANDARD) || is_skippable(start) {
        Box::new(Frames { state: State::Between(raw) })
    } else {
        Box::new(raw)
    })
}

/// Whether a frame begins here that holds no data (RFC 8878, 3.1.2).
fn is_skippable(start: &[u8]) -> bool {
    matches!(start, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Zstandard in several frames, of which some hold no data: layers that can be fetched in parts consist of them.
struct Frames<R: BufRead> {
    state: State<R>,
}

enum State<R: BufRead> {
    Between(R),
    Inside(Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
    Failed,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Failed) {
                State::Between(mut raw) => {
                    let start = raw.fill_buf()?;
                    if start.is_empty() {
                        self.state = State::Between(raw);
                        return Ok(0);
                    }
                    self.state = if start[0] == ZSTANDARD[0] {
                        State::Inside(Box::new(StreamingDecoder::new(raw).map_err(io::Error::other)?))
                    } else {
                        skip(&mut raw)?;
                        State::Between(raw)
                    };
                }
                State::Inside(mut frame) => {
                    let read = frame.read(into)?;
                    if read > 0 {
                        self.state = State::Inside(frame);
                        return Ok(read);
                    }
                    let (raw, decoder) = frame.into_parts();
                    let told = decoder.get_checksum_from_data();
                    if told.is_some() && told != decoder.get_calculated_checksum() {
                        return Err(io::Error::other("the checksum of the compressed data is wrong"));
                    }
                    self.state = State::Between(raw);
                }
                State::Failed => return Err(io::Error::other("the compressed data is damaged")),
            }
        }
    }
}

/// Reads over a frame that holds no data.
fn skip(raw: &mut impl BufRead) -> io::Result<()> {
    let mut header = [0; 8];
    raw.read_exact(&mut header)?;
    if !is_skippable(&header) {
        return Err(io::Error::other("the compressed data is damaged"));
    }
    let size = u64::from(u32::from_le_bytes(header[4..].try_into().expect("the header has eight bytes")));
    let skipped = io::copy(&mut raw.take(size), &mut io::sink())?;
    if skipped < size { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn unpack(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut found = Vec::new();
        unpacked(Box::new(io::Cursor::new(bytes)))?.read_to_end(&mut found)?;
        Ok(found)
    }

    fn frame(data: &[u8]) -> Vec<u8> {
        compress_to_vec(data, CompressionLevel::Fastest)
    }

    #[test]
    fn frames_follow_each_other_and_some_are_empty() {
        let nothing = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let data = b"one and another ".repeat(1000);
        let all = [nothing.clone(), frame(&data), nothing.clone(), frame(b"the end"), nothing].concat();
        assert_eq!(unpack(all).unwrap(), [&data[..], b"the end"].concat());
    }

    #[test]
    fn damage_is_seen() {
        let data: Vec<u8> =
            (0_u32..5000).flat_map(|one| one.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let whole = frame(&data);
        assert_eq!(unpack(whole.clone()).unwrap(), data);
        for cut in [5, whole.len() / 2, whole.len() - 1] {
            assert!(unpack(whole[..cut].to_vec()).is_err(), "{cut}");
        }
        let mut other = whole;
        let middle = other.len() / 2;
        other[middle] ^= 1;
        assert!(unpack(other).is_err());
    }

    #[test]
    fn gzip_may_come_in_several_members() {
        let member = |data: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            io::Write::write_all(&mut encoder, data).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(unpack([member(b"one "), member(b"two")].concat()).unwrap(), b"one two");
        assert_eq!(unpack(b"plain".to_vec()).unwrap(), b"plain");
    }
}
