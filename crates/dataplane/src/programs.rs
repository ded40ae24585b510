//! The kernel's programs and maps: loaded, and the maps pinned, so that a later daemon can find them.

#![expect(unsafe_code, reason = "says which types the kernel's arrays hold")]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

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
        let pins = folder(pins);
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
    /// Those that an earlier daemon pinned below `pins`, with what is in them. `slow_path` is the TAP's index.
    pub fn open(pins: &Path, flows: u32, slow_path: u32) -> Result<Self> {
        let pins = folder(pins);
        let slots = slots_for(flows);
        let size = |map: &MapData| bpf(map.info(), || "ask for a map's size".to_owned()).map(|info| info.max_entries());
        let known = pinned(&pins, "flows")?;
        let (verdicts, counters, fabric) = (pinned(&pins, "verdicts")?, pinned(&pins, "counters")?, pinned(&pins, "fabric")?);
        if (size(&known)?, size(&verdicts)?, size(&counters)?, size(&fabric)?) != (flows, slots, slots, 1) {
            return Err(Error::Left { problem: "it has room for another number of flows" });
        }
        // SAFETY: the path says that `layout` holds the twins of the types of these maps; what the kernel writes is
        // atomic there. The lengths are the maps'.
        let (verdicts, counters, fabric): (_, _, SharedArray<FabricState>) =
            unsafe { (map_shared(&verdicts, "verdicts", slots)?, map_shared(&counters, "counters", slots)?, map_shared(&fabric, "fabric", 1)?) };
        if fabric.get(0).is_none_or(|fabric| fabric.slow_path != slow_path) {
            return Err(Error::Left { problem: "its programs know another TAP" });
        }
        Ok(Self {
            flows: FlowMaps { flows: open_hash(known, "flows")?, verdicts, counters, fabric, slots },
            interfaces: Mirror::of(open_hash(pinned(&pins, "interfaces")?, "interfaces")?)?,
            neighbours: Mirror::of(open_hash(pinned(&pins, "neighbours")?, "neighbours")?)?,
            drops: bpf(PerCpuArray::try_from(Map::PerCpuArray(pinned(&pins, "drops")?)), || "use the map drops".to_owned())?,
        })
    }

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

/// Says that everything is there that these programs work with. It goes with the pins.
pub(crate) fn mark_complete(pins: &Path) -> Result<()> {
    let mark = mark(pins);
    fs::create_dir(&mark).doing(|| format!("create {}", mark.display()))
}

/// Whether everything is there, and made with the very programs of this build: others are not worth keeping.
pub(crate) fn is_complete(pins: &Path) -> bool {
    mark(pins).is_dir()
}

/// A folder among the pins, named after the programs.
fn mark(pins: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    OBJECT.hash(&mut hasher);
    folder(pins).join(format!("complete-{:016x}", hasher.finish()))
}

fn folder(pins: &Path) -> PathBuf {
    pins.join(format!("v{LAYOUT_VERSION}"))
}

fn pinned(folder: &Path, name: &str) -> Result<MapData> {
    bpf(MapData::from_pin(folder.join(name)), || format!("open the pinned map {name}"))
}

fn open_hash<K: Pod, V: Pod>(map: MapData, name: &str) -> Result<BpfHashMap<MapData, K, V>> {
    bpf(BpfHashMap::try_from(Map::HashMap(map)), || format!("use the map {name}"))
}

/// # Safety
/// As [`SharedArray::map`].
unsafe fn shared<T>(ebpf: &mut Ebpf, name: &str, length: u32) -> Result<SharedArray<T>> {
    let Map::Array(data) = take(ebpf, name)? else { return Err(missing(name)) };
    // SAFETY: the caller's promise.
    unsafe { map_shared(&data, name, length) }
}

/// # Safety
/// As [`SharedArray::map`].
unsafe fn map_shared<T>(map: &MapData, name: &str, length: u32) -> Result<SharedArray<T>> {
    // SAFETY: the caller's promise.
    unsafe { SharedArray::map(map.fd().as_fd(), length) }.doing(|| format!("map the array {name}"))
}

fn missing(name: &str) -> Error {
    Error::Bpf { doing: format!("find {name} among the programs and maps"), source: "it was not compiled in".into() }
}
