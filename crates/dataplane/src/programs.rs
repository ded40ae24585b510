//! The kernel's programs and maps: loaded, and the maps pinned, so that a later daemon can find them.

#![expect(unsafe_code, reason = "says which types the kernel's arrays hold")]

use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use aya::maps::{HashMap as BpfHashMap, Map, MapData, PerCpuArray};
use aya::programs::SchedClassifier;
use aya::{Ebpf, EbpfLoader, Pod};

use crate::error::{Doing, Error, Result, bpf};
use crate::flow_table::{FlowMaps, slots_for};
use crate::layout::{FabricState, Interface, LAYOUT_VERSION, Neighbour};
use crate::mirror::Mirror;
use crate::shared_array::SharedArray;

/// The programs, as the build script compiled them.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/fabric.bpf.o"));

/// Ingress of the host ends of veth pairs.
pub(crate) const FROM_PORT: &str = "from_port";
/// Ingress of the TAP.
pub(crate) const FROM_SLOW_PATH: &str = "from_slow_path";

/// The loaded programs. Once they are attached they need nobody any more.
pub(crate) struct Programs(Ebpf);

/// The maps, for those who own them from now on.
pub(crate) struct Maps {
    pub flows: FlowMaps,
    pub interfaces: Mirror<u32, Interface>,
    pub neighbours: Mirror<Neighbour, [u8; 6]>,
    pub drops: PerCpuArray<MapData, u64>,
}

impl Programs {
    /// Loads programs and maps, and pins the maps below `pins`, which is in a BPF file system. `slow_path` is the TAP's
    /// index.
    pub fn load(pins: &Path, flows: u32, slow_path: u32) -> Result<(Self, Maps)> {
        let pins = pins.join(format!("v{LAYOUT_VERSION}"));
        fs::create_dir_all(&pins).doing(|| format!("create {}", pins.display()))?;
        let slots = slots_for(flows);
        let mut loader = EbpfLoader::new();
        loader.map_max_entries("flows", flows).map_max_entries("verdicts", slots).map_max_entries("counters", slots);
        let mut ebpf = bpf(loader.load(OBJECT), || "load the kernel's maps".to_owned())?;
        for name in [FROM_PORT, FROM_SLOW_PATH] {
            bpf(program(&mut ebpf, name)?.load(), || format!("load the program {name}"))?;
        }
        for (name, map) in ebpf.maps() {
            bpf(map.pin(pins.join(name)), || format!("pin the map {name}"))?;
        }
        let maps = Maps::take(&mut ebpf, slots, slow_path)?;
        Ok((Self(ebpf), maps))
    }

    /// A loaded program.
    pub fn get(&mut self, name: &str) -> Result<BorrowedFd<'_>> {
        let program = program(&mut self.0, name)?;
        bpf(program.fd(), || format!("use the program {name}")).map(AsFd::as_fd)
    }
}

impl Maps {
    fn take(ebpf: &mut Ebpf, slots: u32, slow_path: u32) -> Result<Self> {
        // SAFETY: `layout` holds the twins of the types of these maps; what the kernel writes is atomic there.
        let (verdicts, counters, mut fabric) =
            unsafe { (shared(ebpf, "verdicts", slots)?, shared(ebpf, "counters", slots)?, shared(ebpf, "fabric", 1)?) };
        fabric.set(0, FabricState { slow_path, ..FabricState::default() });
        Ok(Self {
            flows: FlowMaps { flows: hash(ebpf, "flows")?, verdicts, counters, fabric, slots },
            interfaces: Mirror::new(hash(ebpf, "interfaces")?),
            neighbours: Mirror::new(hash(ebpf, "neighbours")?),
            drops: bpf(PerCpuArray::try_from(take(ebpf, "drops")?), || "use the map drops".to_owned())?,
        })
    }
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut SchedClassifier> {
    let program = ebpf.program_mut(name).ok_or_else(|| missing(name))?;
    bpf(program.try_into(), || format!("use the program {name}"))
}

fn take(ebpf: &mut Ebpf, name: &str) -> Result<Map> {
    ebpf.take_map(name).ok_or_else(|| missing(name))
}

fn hash<K: Pod, V: Pod>(ebpf: &mut Ebpf, name: &str) -> Result<BpfHashMap<MapData, K, V>> {
    bpf(BpfHashMap::try_from(take(ebpf, name)?), || format!("use the map {name}"))
}

/// # Safety
/// As [`SharedArray::map`].
unsafe fn shared<T>(ebpf: &mut Ebpf, name: &str, length: u32) -> Result<SharedArray<T>> {
    let Map::Array(data) = take(ebpf, name)? else { return Err(missing(name)) };
    // SAFETY: the caller's promise.
    unsafe { SharedArray::map(data.fd().as_fd(), length) }.doing(|| format!("map the array {name}"))
}

fn missing(name: &str) -> Error {
    Error::Bpf { doing: format!("find {name} among the programs and maps"), source: "it was not compiled in".into() }
}
