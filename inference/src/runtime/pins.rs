//! What may be installed: every file with its version and SHA-256.
//!
//! The archives are the first choice. The wheels are a little older (there is no wheel of every patch release) and
//! are not byte-identical with the archives. Wheels of one CPython version are pinned: only the library is taken out
//! of them, so they need not match the Python of the machine.

use crate::session::Provider;

/// The CPython version whose wheels are pinned.
pub(super) const PYTHON_VERSION: &str = "3.12";

/// A platform that Microsoft publishes builds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    LinuxX64,
    LinuxArm64,
    MacArm64,
    WindowsX64,
    WindowsArm64,
}

impl Platform {
    /// The platform that this program is compiled for.
    pub(super) fn current() -> Option<Self> {
        if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            Some(Self::LinuxX64)
        } else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
            Some(Self::LinuxArm64)
        } else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
            Some(Self::MacArm64)
        } else if cfg!(all(target_os = "windows", target_arch = "x86_64")) {
            Some(Self::WindowsX64)
        } else if cfg!(all(target_os = "windows", target_arch = "aarch64")) {
            Some(Self::WindowsArm64)
        } else {
            None
        }
    }
}

/// What the library is built with besides the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Cpu,
    Cuda,
    DirectMl,
}

/// One build, from up to two sources.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) platform: Platform,
    pub(super) flavour: Flavour,
    pub(super) archive: Option<Archive>,
    pub(super) wheel: Option<Wheel>,
}

/// A release archive: `.tgz` or `.zip`, the libraries in its folder `lib/`.
#[derive(Debug)]
pub(super) struct Archive {
    pub(super) version: &'static str,
    pub(super) file: &'static str,
    pub(super) bytes: u64,
    pub(super) sha256: &'static str,
    /// Of the library inside, where it is known.
    pub(super) library_sha256: Option<&'static str>,
}

/// A wheel: the libraries are in its folder `onnxruntime/capi/`.
#[derive(Debug)]
pub(super) struct Wheel {
    pub(super) package: &'static str,
    pub(super) version: &'static str,
    /// The platform tag as `pip` wants it.
    pub(super) pip_platform: &'static str,
    /// The platform as `uv` wants it.
    pub(super) uv_platform: &'static str,
    pub(super) sha256: &'static str,
    pub(super) library_sha256: &'static str,
}

/// The build for a platform and a provider. `auto` is the CPU build, which runs everywhere.
pub(super) fn build(platform: Platform, provider: Provider) -> Option<&'static Build> {
    let flavour = match provider {
        Provider::Auto | Provider::Cpu => Flavour::Cpu,
        Provider::Cuda => Flavour::Cuda,
        Provider::DirectMl => Flavour::DirectMl,
    };
    BUILDS
        .iter()
        .find(|build| build.platform == platform && build.flavour == flavour)
}

/// The builds that serve a provider once they are installed, best first. `auto` takes whatever is there.
pub(super) fn serving(platform: Platform, provider: Provider) -> Vec<&'static Build> {
    match provider {
        Provider::Auto => BUILDS
            .iter()
            .rev()
            .filter(|build| build.platform == platform)
            .collect(),
        named => build(platform, named).into_iter().collect(),
    }
}

impl Build {
    /// The names of the folders that this build is installed in, one for each source.
    pub(super) fn folders(&self) -> Vec<String> {
        let versions = [
            self.archive.as_ref().map(|a| a.version),
            self.wheel.as_ref().map(|w| w.version),
        ];
        versions
            .into_iter()
            .flatten()
            .map(|version| self.folder(version))
            .collect()
    }

    /// The name of the folder that one version of this build is installed in.
    pub(super) fn folder(&self, version: &str) -> String {
        let flavour = match self.flavour {
            Flavour::Cpu => "cpu",
            Flavour::Cuda => "cuda",
            Flavour::DirectMl => "directml",
        };
        format!("onnxruntime-{version}-{flavour}")
    }
}

/// The CPU builds first: see [`serving`].
const BUILDS: &[Build] = &[
    Build {
        platform: Platform::LinuxX64,
        flavour: Flavour::Cpu,
        archive: Some(Archive {
            version: "1.28.3",
            file: "onnxruntime-linux-x64-1.28.3.tgz",
            bytes: 9_130_098,
            sha256: "db14e4863bd37893fc59729d986ab2a0d043d10b7d44da1913c4982b7e3d009c",
            library_sha256: Some("5a1ce74e56e8c4b278d5a9e9d12b7192d9f70811084dde9616da4fa1710efc5a"),
        }),
        wheel: Some(Wheel {
            package: "onnxruntime",
            version: "1.28.0",
            pip_platform: "manylinux_2_28_x86_64",
            uv_platform: "x86_64-manylinux_2_28",
            sha256: "0a83bdb70d143cede762b677789bf2a7acca54b3fb82565601d5c30695aa933c",
            library_sha256: "aa4079d18f4ea7a5f3a94d80cd4bbe0f2740436626622d64d793803a20381083",
        }),
    },
    Build {
        platform: Platform::LinuxArm64,
        flavour: Flavour::Cpu,
        archive: Some(Archive {
            version: "1.28.3",
            file: "onnxruntime-linux-aarch64-1.28.3.tgz",
            bytes: 8_123_797,
            sha256: "6c6b1ae96d7b0be9f555092857c6a4f2b0b5587a5298d732d9e52e8253038ce7",
            library_sha256: Some("c17d9c3b522c69594ef2b077d7f27a92ff0635d9df0c68c8997b7cad7bf71c61"),
        }),
        wheel: Some(Wheel {
            package: "onnxruntime",
            version: "1.28.0",
            pip_platform: "manylinux_2_28_aarch64",
            uv_platform: "aarch64-manylinux_2_28",
            sha256: "4e81a23df16e7acb9d51b06d30cc098e49315ef9180f97bc2221d167b4b04d9c",
            library_sha256: "23a37c2994bc273e1d59a4f49af6cba5bf1cfbc29f04907ec27df375aba50a7d",
        }),
    },
    Build {
        platform: Platform::MacArm64,
        flavour: Flavour::Cpu,
        archive: Some(Archive {
            version: "1.28.3",
            file: "onnxruntime-osx-arm64-1.28.3.tgz",
            bytes: 33_057_743,
            sha256: "c436bd9f47dbce6f6311ccc21de97f829b3c862c09d24aa321958cb72f0a1d32",
            library_sha256: Some("0c8707e83b3389849d03a3264308e905169b94b546f84df6bf662649bd89c3bb"),
        }),
        wheel: Some(Wheel {
            package: "onnxruntime",
            version: "1.28.0",
            pip_platform: "macosx_14_0_arm64",
            uv_platform: "aarch64-apple-darwin",
            sha256: "26ff0fdd06efb6c155bae95387a09db1a2be89c7a03e4d0bffd5a171cc2826da",
            library_sha256: "cadd9517e089d197e5d381bc31813875eb8addce8712bac501645fea8008800c",
        }),
    },
    Build {
        platform: Platform::WindowsX64,
        flavour: Flavour::Cpu,
        archive: Some(Archive {
            version: "1.28.3",
            file: "onnxruntime-win-x64-1.28.3.zip",
            bytes: 78_606_946,
            sha256: "1d6fab48e85f948436af7c8c971d2c145cf224e2c444755dec894f8b0de11a83",
            library_sha256: Some("4d2774a5f64e4a230b16b74b167171e92f65b0683c19680c1d04fb284b92a6e2"),
        }),
        wheel: Some(Wheel {
            package: "onnxruntime",
            version: "1.28.0",
            pip_platform: "win_amd64",
            uv_platform: "x86_64-pc-windows-msvc",
            sha256: "c35064f9b3c43c81c5d5d282091401d0f1ff22796d93ccade4ea2ece5e137ab8",
            library_sha256: "3d6bd02dc137b9a1dfdac045a52b147ffb920bb06ab812b08fc8e14279859855",
        }),
    },
    Build {
        platform: Platform::WindowsArm64,
        flavour: Flavour::Cpu,
        archive: Some(Archive {
            version: "1.28.3",
            file: "onnxruntime-win-arm64-1.28.3.zip",
            bytes: 79_730_664,
            sha256: "76d5e5a23fb7fdbc2ca0c3214bad1b58b2a41016c7052e74e60ed8004bea71b1",
            library_sha256: Some("20bcd3d4718376ef449d9520ec074d3c73938655e74f42c410de0e5aab6a8ed5"),
        }),
        wheel: Some(Wheel {
            package: "onnxruntime",
            version: "1.28.0",
            pip_platform: "win_arm64",
            uv_platform: "aarch64-pc-windows-msvc",
            sha256: "e02feeb0165c5f13b4cc954738078d59b90128516ac12b671ee24a530242bf02",
            library_sha256: "e651433cfe465292e80abf7b9624c181a749cd4f34e1770e34f18fa0196bba3e",
        }),
    },
    // Needs CUDA 13, cuDNN 9 and a driver of version 580 or newer.
    Build {
        platform: Platform::LinuxX64,
        flavour: Flavour::Cuda,
        archive: Some(Archive {
            version: "1.28.3",
            file: "onnxruntime-linux-x64-gpu_cuda13-1.28.3.tgz",
            bytes: 240_886_111,
            sha256: "33e91f819324449bede2d1e853c8d46bb6253fa8890bac98ae676f041c8f73a6",
            library_sha256: None,
        }),
        wheel: Some(Wheel {
            package: "onnxruntime-gpu",
            version: "1.28.0",
            pip_platform: "manylinux_2_28_x86_64",
            uv_platform: "x86_64-manylinux_2_28",
            sha256: "3b3a63cecd239d72432cd44569d047de8f4d69e471cd5f60f7ac7fc8769be5ec",
            library_sha256: "018d05f615e96f6e0cfb95d2865f63915681d5d2688dd187f599822b245d27bc",
        }),
    },
    // DirectML is published as a wheel only.
    Build {
        platform: Platform::WindowsX64,
        flavour: Flavour::DirectMl,
        archive: None,
        wheel: Some(Wheel {
            package: "onnxruntime-directml",
            version: "1.24.4",
            pip_platform: "win_amd64",
            uv_platform: "x86_64-pc-windows-msvc",
            sha256: "f2ecb68b7b7b259d2ef3112ae760149f9b5a1e7c0fbb73d539da6250a648a614",
            library_sha256: "302c69f9779d63ef4ab90316e59444c4acbaca7fe3455020d79d10bcfcb00715",
        }),
    },
];

/// A build that unit tests look at, the same on every platform.
#[cfg(test)]
pub(super) fn build_for_tests() -> &'static Build {
    build(Platform::LinuxX64, Provider::Cpu).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_a_sha256_and_no_two_files_share_one() {
        let mut hashes: Vec<&str> = BUILDS
            .iter()
            .flat_map(|build| {
                let archive = build
                    .archive
                    .iter()
                    .flat_map(|a| [Some(a.sha256), a.library_sha256]);
                let wheel = build
                    .wheel
                    .iter()
                    .flat_map(|w| [Some(w.sha256), Some(w.library_sha256)]);
                archive.chain(wheel).flatten()
            })
            .collect();
        for hash in &hashes {
            assert!(
                hash.len() == 64
                    && hash
                        .bytes()
                        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
                "{hash}"
            );
        }
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn every_build_has_a_source_and_its_own_folders() {
        let mut folders = Vec::new();
        for build in BUILDS {
            let names = build.folders();
            assert!(!names.is_empty(), "{build:?}");
            folders.extend(names.into_iter().map(|name| (build.platform as u8, name)));
        }
        let count = folders.len();
        folders.sort_unstable();
        folders.dedup();
        assert_eq!(folders.len(), count);
    }

    #[test]
    fn choice_by_provider() {
        let file = |platform, provider| {
            build(platform, provider).and_then(|b| {
                b.archive
                    .as_ref()
                    .map(|a| a.file)
                    .or(b.wheel.as_ref().map(|w| w.package))
            })
        };
        assert_eq!(
            file(Platform::LinuxX64, Provider::Auto),
            Some("onnxruntime-linux-x64-1.28.3.tgz")
        );
        assert_eq!(
            file(Platform::LinuxX64, Provider::Cuda),
            Some("onnxruntime-linux-x64-gpu_cuda13-1.28.3.tgz")
        );
        assert_eq!(
            file(Platform::WindowsX64, Provider::DirectMl),
            Some("onnxruntime-directml")
        );
        assert_eq!(file(Platform::MacArm64, Provider::Cuda), None);
    }

    #[test]
    fn auto_takes_the_best_build_that_is_installed() {
        let flavours = |provider| -> Vec<Flavour> {
            serving(Platform::LinuxX64, provider)
                .into_iter()
                .map(|build| build.flavour)
                .collect()
        };
        assert_eq!(flavours(Provider::Auto), [Flavour::Cuda, Flavour::Cpu]);
        assert_eq!(flavours(Provider::Cpu), [Flavour::Cpu]);
    }
}
