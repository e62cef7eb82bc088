//! Frames, in which runtimes log to the platform: type (0xA55A and a level), length, time, message; numbers in network
//! order.

const MARK: [u8; 2] = [0xa5, 0x5a];
/// Type and length of 4 bytes each, time of 8.
const HEAD: usize = 16;
/// A message that is longer is none, in bytes: 1 MiB is the most that the platform takes.
const LONGEST: usize = 1 << 20;

/// Cuts a stream into the frames' messages.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The begin of a frame whose end is not there yet.
    partial: Vec<u8>,
}

impl Frames {
    pub(super) fn feed(&mut self, chunk: &[u8], mut tell: impl FnMut(&[u8])) {
        self.partial.extend_from_slice(chunk);
        while let Some(end) = frame_end(&self.partial) {
            if end <= self.partial.len() {
                tell(&self.partial[HEAD..end]);
                self.partial.drain(..end);
            } else {
                return;
            }
        }
        // Where there is no frame, one is lost in the stream: what follows cannot be told apart.
        if self.partial.len() >= HEAD {
            self.partial.clear();
        }
    }
}

/// Where the frame at the begin of these bytes ends; nothing if there is none or its head is not there yet.
fn frame_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.get(..HEAD)?;
    let length: [u8; 4] = head[4..8].try_into().expect("these are four bytes");
    let length = u32::from_be_bytes(length) as usize;
    (head.starts_with(&MARK) && length <= LONGEST).then_some(HEAD + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(message: &str) -> Vec<u8> {
        let length = u32::try_from(message.len())
            .expect("it is short")
            .to_be_bytes();
        [
            &[0xa5, 0x5a, 0, 3],
            &length[..],
            &[0; 8],
            message.as_bytes(),
        ]
        .concat()
    }

    fn told(chunks: &[&[u8]]) -> Vec<String> {
        let mut frames = Frames::default();
        let mut told = Vec::new();
        for chunk in chunks {
            frames.feed(chunk, |message| {
                told.push(String::from_utf8_lossy(message).into_owned())
            });
        }
        told
    }

    #[test]
    fn messages_are_whole_however_they_arrive() {
        let stream = [frame("one\ntwo"), frame(""), frame("three")].concat();
        let expected = ["one\ntwo", "", "three"];
        assert_eq!(told(&[&stream]), expected);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(told(&bytes), expected);
    }

    #[test]
    fn what_is_no_frame_is_passed_over() {
        let good = frame("good");
        assert_eq!(told(&[b"this is no frame at all", &good]), ["good"]);
    }
}
