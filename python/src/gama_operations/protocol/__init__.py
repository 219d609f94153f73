"""The wire, written once: every type that crosses between Node and Python.

One line of UTF-8 JSON is one message:

    request   {"id": 1, "operation": "ping", "data": {}}
    response  {"id": 1, "result": {...}}  or  {"id": 1, "error": {...}}
    event     {"event": "ready" | "progress" | "part" | "log", "id": 1?, "data": {...}}

Audio and features travel beside the lines, as `Tensor` references into shared memory
(`arena.py`); a client without shared memory sends and gets plain JSON arrays.
`npm run protocol` turns these files, docstrings included, into `sdk/bridge/protocol.gen.ts`.
Units: seconds and bytes, unless the name says otherwise. A file here is a subject;
`operations.py` is the table of all that can be asked.
"""

from gama_operations.protocol.answers import (
    Answer as Answer,
    DescribeData as DescribeData,
    DescribeResult as DescribeResult,
    GenerationOptions as GenerationOptions,
    LongAudio as LongAudio,
    Preset as Preset,
    ProcessAudioData as ProcessAudioData,
    ProcessAudioResult as ProcessAudioResult,
    Question as Question,
    TextPart as TextPart,
    WindowAnswer as WindowAnswer,
)
from gama_operations.protocol.audio import (
    Audio as Audio,
    AudioSource as AudioSource,
    InspectAudioData as InspectAudioData,
    InspectAudioResult as InspectAudioResult,
    InspectedClip as InspectedClip,
)
from gama_operations.protocol.clusters import (
    ClusterAgreement as ClusterAgreement,
    ClusterData as ClusterData,
    ClusterResult as ClusterResult,
    ClusterStability as ClusterStability,
)
from gama_operations.protocol.costs import (
    CostDrift as CostDrift,
    CostMeasurement as CostMeasurement,
    CostQuantile as CostQuantile,
    CostRatio as CostRatio,
    CostVerdict as CostVerdict,
    EnergyCounter as EnergyCounter,
    JudgeCostData as JudgeCostData,
    JudgeCostResult as JudgeCostResult,
    ReadEnergyData as ReadEnergyData,
    ReadEnergyResult as ReadEnergyResult,
)
from gama_operations.protocol.duplicates import (
    AlikePair as AlikePair,
    ArmFeatures as ArmFeatures,
    ArmSearch as ArmSearch,
    NearDuplicatesData as NearDuplicatesData,
    NearDuplicatesResult as NearDuplicatesResult,
    PlantCopyData as PlantCopyData,
    PlantCopyResult as PlantCopyResult,
)
from gama_operations.protocol.errors import (
    ClipFailure as ClipFailure,
    ErrorCode as ErrorCode,
    TracebackFrame as TracebackFrame,
    WireError as WireError,
)
from gama_operations.protocol.features import (
    ExtractFeaturesData as ExtractFeaturesData,
    ExtractFeaturesResult as ExtractFeaturesResult,
    FeaturesPart as FeaturesPart,
    Pooling as Pooling,
)
from gama_operations.protocol.memory import (
    FreeMemoryData as FreeMemoryData,
    FreeMemoryResult as FreeMemoryResult,
    MemoryPhase as MemoryPhase,
    MemorySpan as MemorySpan,
    MemoryTimeline as MemoryTimeline,
    MemoryUsage as MemoryUsage,
    PeakSource as PeakSource,
    StartProfileData as StartProfileData,
    StartProfileResult as StartProfileResult,
    StopProfileData as StopProfileData,
    StopProfileResult as StopProfileResult,
)
from gama_operations.protocol.messages import (
    MAX_LINE_BYTES as MAX_LINE_BYTES,
    MESSAGES as MESSAGES,
    PROTOCOL_VERSION as PROTOCOL_VERSION,
    Credit as Credit,
    ErrorMessage as ErrorMessage,
    Id as Id,
    Log as Log,
    LogLevel as LogLevel,
    LogMessage as LogMessage,
    Part as Part,
    PartMessage as PartMessage,
    Priority as Priority,
    Progress as Progress,
    ProgressMessage as ProgressMessage,
    Ready as Ready,
    ReadyMessage as ReadyMessage,
    Request as Request,
    ResultMessage as ResultMessage,
)
from gama_operations.protocol.models import (
    Attention as Attention,
    Capability as Capability,
    DType as DType,
    LoadModelData as LoadModelData,
    LoadModelResult as LoadModelResult,
    ModelCard as ModelCard,
    ModelDescription as ModelDescription,
    Quantization as Quantization,
    UnloadModelData as UnloadModelData,
    UnloadModelResult as UnloadModelResult,
    Weights as Weights,
)
from gama_operations.protocol.operations import OPERATIONS as OPERATIONS, Operation as Operation
from gama_operations.protocol.power import (
    AnytimeData as AnytimeData,
    AnytimeResult as AnytimeResult,
    PilotOutcomes as PilotOutcomes,
    PowerData as PowerData,
    PowerPilot as PowerPilot,
    PowerResult as PowerResult,
    PowerRow as PowerRow,
)
from gama_operations.protocol.process import (
    AttachClientData as AttachClientData,
    AttachClientResult as AttachClientResult,
    CancelData as CancelData,
    CancelResult as CancelResult,
    CreditData as CreditData,
    CreditResult as CreditResult,
    DetachClientData as DetachClientData,
    DetachClientResult as DetachClientResult,
    PingData as PingData,
    PingResult as PingResult,
    ReleaseData as ReleaseData,
    ReleaseResult as ReleaseResult,
    ShutdownData as ShutdownData,
    ShutdownResult as ShutdownResult,
    StatusData as StatusData,
    StatusResult as StatusResult,
    UploadData as UploadData,
    UploadResult as UploadResult,
)
from gama_operations.protocol.scalars import (
    Index as Index,
    Interval as Interval,
    Seed as Seed,
    TimeSpan as TimeSpan,
)
from gama_operations.protocol.scores import (
    ClipScores as ClipScores,
    ScoreData as ScoreData,
    ScoreResult as ScoreResult,
)
from gama_operations.protocol.store import (
    AddModelData as AddModelData,
    AddModelResult as AddModelResult,
    DownloadModelData as DownloadModelData,
    DownloadModelResult as DownloadModelResult,
    ListModelsData as ListModelsData,
    ListModelsResult as ListModelsResult,
    RemoveModelData as RemoveModelData,
    RemoveModelResult as RemoveModelResult,
    StoredModel as StoredModel,
    VerifyModelData as VerifyModelData,
    VerifyModelResult as VerifyModelResult,
)
from gama_operations.protocol.tasks import (
    FewShotData as FewShotData,
    FewShotResult as FewShotResult,
    ProbeData as ProbeData,
    ProbeResult as ProbeResult,
    ProbeTagsData as ProbeTagsData,
    ProbeTagsResult as ProbeTagsResult,
    RetrieveData as RetrieveData,
    RetrieveResult as RetrieveResult,
)
from gama_operations.protocol.tensors import (
    Tensor as Tensor,
    TensorReference as TensorReference,
    TensorType as TensorType,
)
from gama_operations.protocol.transcripts import (
    ClipTranscript as ClipTranscript,
    TranscribeData as TranscribeData,
    TranscribeResult as TranscribeResult,
    WordSpan as WordSpan,
)
from gama_operations.protocol.verdicts import (
    AnytimeRule as AnytimeRule,
    Claim as Claim,
    CompareData as CompareData,
    CompareResult as CompareResult,
    Family as Family,
    JudgeData as JudgeData,
    JudgedComparison as JudgedComparison,
    JudgeResult as JudgeResult,
    Observed as Observed,
    ObservedAnswers as ObservedAnswers,
    ObservedClips as ObservedClips,
    ObservedClusters as ObservedClusters,
    ObservedTags as ObservedTags,
    ObservedWordErrors as ObservedWordErrors,
    Verdict as Verdict,
    VerdictBeside as VerdictBeside,
    VerdictWord as VerdictWord,
)
