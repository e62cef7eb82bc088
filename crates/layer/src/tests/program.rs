//! An ELF file with just what the check reads: a loader, needed libraries, and versions of symbols.

/// What the file should tell.
pub(super) struct Program {
    pub(super) machine: u16,
    pub(super) has_loader: bool,
    pub(super) libraries: Vec<&'static str>,
    pub(super) versions: Vec<&'static str>,
}

impl Default for Program {
    fn default() -> Self {
        Self {
            machine: 62,
            has_loader: true,
            libraries: vec!["libc.so.6"],
            versions: vec!["GLIBC_2.17"],
        }
    }
}

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

/// Strings of the file, behind each other; names are offsets.
struct Strings(Vec<u8>);

impl Strings {
    fn add(&mut self, text: &str) -> usize {
        let at = self.0.len();
        self.0.extend(text.as_bytes());
        self.0.push(0);
        at
    }
}

impl Program {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut strings = Strings(vec![0]);
        let dynamic = self.dynamic(&mut strings);
        let versions = self.versions(&mut strings);
        // Type, link, info, content. The first is always empty; the second has the strings of all.
        let sections = [
            (0, 0, 0, Vec::new()),
            (3, 0, 0, strings.0),
            (6, 1, 0, dynamic),
            (0x6fff_fffe, 1, 1, versions),
        ];
        let mut body: Vec<u8> = Vec::new();
        let mut headers = Vec::new();
        for (kind, link, info, content) in &sections {
            let start = HEADER + PROGRAM_HEADER + body.len();
            put(&mut headers, 4, 0);
            put(&mut headers, 4, *kind);
            put(&mut headers, 8, 0);
            put(&mut headers, 8, 0);
            put(&mut headers, 8, start);
            put(&mut headers, 8, content.len());
            put(&mut headers, 4, *link);
            put(&mut headers, 4, *info);
            put(&mut headers, 8, 1);
            put(&mut headers, 8, 0);
            body.extend(content);
        }
        let mut file = self.header(HEADER + PROGRAM_HEADER + body.len(), sections.len());
        let loads = 1;
        let names_loader = 3;
        put(
            &mut file,
            4,
            if self.has_loader { names_loader } else { loads },
        );
        file.resize(HEADER + PROGRAM_HEADER, 0);
        file.extend(body);
        file.extend(headers);
        file
    }

    fn header(&self, sections_at: usize, sections: usize) -> Vec<u8> {
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(16, 0);
        put(&mut header, 2, 3);
        put(&mut header, 2, usize::from(self.machine));
        put(&mut header, 4, 1);
        put(&mut header, 8, 0);
        put(&mut header, 8, HEADER);
        put(&mut header, 8, sections_at);
        put(&mut header, 4, 0);
        for number in [HEADER, PROGRAM_HEADER, 1, 64, sections, 1] {
            put(&mut header, 2, number);
        }
        header
    }

    fn dynamic(&self, strings: &mut Strings) -> Vec<u8> {
        let mut dynamic = Vec::new();
        for library in &self.libraries {
            put(&mut dynamic, 8, 1);
            put(&mut dynamic, 8, strings.add(library));
        }
        put(&mut dynamic, 8, 0);
        put(&mut dynamic, 8, 0);
        dynamic
    }

    /// All versions as those of one library.
    fn versions(&self, strings: &mut Strings) -> Vec<u8> {
        let mut versions = Vec::new();
        put(&mut versions, 2, 1);
        put(&mut versions, 2, self.versions.len());
        put(&mut versions, 4, strings.add("libc.so.6"));
        put(&mut versions, 4, 16);
        put(&mut versions, 4, 0);
        for (left, version) in (0..self.versions.len()).rev().zip(&self.versions) {
            put(&mut versions, 8, 0);
            put(&mut versions, 4, strings.add(version));
            put(&mut versions, 4, if left > 0 { 16 } else { 0 });
        }
        versions
    }
}

/// The lowest bytes of a number, lowest first.
fn put(to: &mut Vec<u8>, bytes: usize, number: usize) {
    to.extend(&number.to_le_bytes()[..bytes]);
}
