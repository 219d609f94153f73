"""The table of operations."""

from msgspec import Struct

from gama_operations.protocol.answers import (
    DescribeData,
    DescribeResult,
    ProcessAudioData,
    ProcessAudioResult,
    TextPart,
)
from gama_operations.protocol.audio import InspectAudioData, InspectAudioResult
from gama_operations.protocol.clusters import ClusterData, ClusterResult
from gama_operations.protocol.costs import JudgeCostData, JudgeCostResult
from gama_operations.protocol.duplicates import (
    NearDuplicatesData,
    NearDuplicatesResult,
    PlantCopyData,
    PlantCopyResult,
)
from gama_operations.protocol.features import ExtractFeaturesData, ExtractFeaturesResult, FeaturesPart
from gama_operations.protocol.memory import (
    FreeMemoryData,
    FreeMemoryResult,
    StartProfileData,
    StartProfileResult,
    StopProfileData,
    StopProfileResult,
)
from gama_operations.protocol.models import LoadModelData, LoadModelResult, UnloadModelData, UnloadModelResult
from gama_operations.protocol.power import AnytimeData, AnytimeResult, PowerData, PowerResult
from gama_operations.protocol.process import (
    AttachClientData,
    AttachClientResult,
    CancelData,
    CancelResult,
    CreditData,
    CreditResult,
    DetachClientData,
    DetachClientResult,
    PingData,
    PingResult,
    ReleaseData,
    ReleaseResult,
    ShutdownData,
    ShutdownResult,
    StatusData,
    StatusResult,
    UploadData,
    UploadResult,
)
from gama_operations.protocol.scores import ScoreData, ScoreResult
from gama_operations.protocol.store import (
    AddModelData,
    AddModelResult,
    DownloadModelData,
    DownloadModelResult,
    ListModelsData,
    ListModelsResult,
    RemoveModelData,
    RemoveModelResult,
    VerifyModelData,
    VerifyModelResult,
)
from gama_operations.protocol.tasks import (
    FewShotData,
    FewShotResult,
    ProbeData,
    ProbeResult,
    ProbeTagsData,
    ProbeTagsResult,
    RetrieveData,
    RetrieveResult,
)
from gama_operations.protocol.transcripts import TranscribeData, TranscribeResult
from gama_operations.protocol.verdicts import CompareData, CompareResult, JudgeData, JudgeResult


class Operation(Struct, frozen=True):
    """A row of the table of operations."""

    data: type[Struct]
    result: type[Struct]
    repeatable: bool
    """May be sent again after a crash: it has no lasting effect, or the same effect twice."""
    immediate: bool = False
    """Answered by the reader thread, also while the model thread works."""
    part: type[Struct] | None = None
    """What its answer may come in, where the request gives `credit`: `indices` says what a part brings."""


OPERATIONS: dict[str, Operation] = {
    "ping": Operation(PingData, PingResult, repeatable=True, immediate=True),
    "status": Operation(StatusData, StatusResult, repeatable=True, immediate=True),
    "load_model": Operation(LoadModelData, LoadModelResult, repeatable=True),
    # The model goes with the process that had it: there is nothing to ask the next one.
    "unload_model": Operation(UnloadModelData, UnloadModelResult, repeatable=False),
    "process_audio": Operation(ProcessAudioData, ProcessAudioResult, repeatable=True, part=TextPart),
    "describe": Operation(DescribeData, DescribeResult, repeatable=True),
    "score": Operation(ScoreData, ScoreResult, repeatable=True),
    "transcribe": Operation(TranscribeData, TranscribeResult, repeatable=True),
    "extract_features": Operation(
        ExtractFeaturesData, ExtractFeaturesResult, repeatable=True, part=FeaturesPart
    ),
    "inspect_audio": Operation(InspectAudioData, InspectAudioResult, repeatable=True),
    "plant_copy": Operation(PlantCopyData, PlantCopyResult, repeatable=True),
    "near_duplicates": Operation(NearDuplicatesData, NearDuplicatesResult, repeatable=True),
    "probe": Operation(ProbeData, ProbeResult, repeatable=True),
    "few_shot": Operation(FewShotData, FewShotResult, repeatable=True),
    "probe_tags": Operation(ProbeTagsData, ProbeTagsResult, repeatable=True),
    "retrieve": Operation(RetrieveData, RetrieveResult, repeatable=True),
    "compare": Operation(CompareData, CompareResult, repeatable=True),
    "judge": Operation(JudgeData, JudgeResult, repeatable=True),
    "power": Operation(PowerData, PowerResult, repeatable=True),
    "anytime": Operation(AnytimeData, AnytimeResult, repeatable=True),
    "judge_cost": Operation(JudgeCostData, JudgeCostResult, repeatable=True),
    "cluster": Operation(ClusterData, ClusterResult, repeatable=True),
    "download_model": Operation(DownloadModelData, DownloadModelResult, repeatable=True),
    # Asked again it would find its name taken, by itself.
    "add_model": Operation(AddModelData, AddModelResult, repeatable=False),
    "verify_model": Operation(VerifyModelData, VerifyModelResult, repeatable=True),
    "list_models": Operation(ListModelsData, ListModelsResult, repeatable=True),
    "remove_model": Operation(RemoveModelData, RemoveModelResult, repeatable=False),
    "start_profile": Operation(StartProfileData, StartProfileResult, repeatable=False),
    "stop_profile": Operation(StopProfileData, StopProfileResult, repeatable=False),
    "free_memory": Operation(FreeMemoryData, FreeMemoryResult, repeatable=True),
    "release": Operation(ReleaseData, ReleaseResult, repeatable=False, immediate=True),
    "upload": Operation(UploadData, UploadResult, repeatable=False, immediate=True),
    "credit": Operation(CreditData, CreditResult, repeatable=False, immediate=True),
    "cancel": Operation(CancelData, CancelResult, repeatable=False, immediate=True),
    "attach_client": Operation(AttachClientData, AttachClientResult, repeatable=False, immediate=True),
    "detach_client": Operation(DetachClientData, DetachClientResult, repeatable=False),
    "shutdown": Operation(ShutdownData, ShutdownResult, repeatable=False),
}
