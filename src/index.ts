/*
 * The library: all that the command line does, for programs. Importing it does nothing; nothing in it writes to the
 * terminal, ends the process or takes its signals. docs/library.md has the way through.
 */

export {
  type Calibrated,
  type CalibrateOptions,
  type Calibration,
  calibrate,
  type Machine,
  type MeasuredLoad,
  type ProtocolCost,
} from './api/calibrate.js';
export { type Cleanup, cleanup } from './api/cleanup.js';
export { type RenderClusterOptions, type Rendering, renderCluster } from './api/cluster.js';
export {
  type CompareOptions,
  type Comparison,
  type ComparisonFormat,
  type ComparisonRow,
  type Contrast,
  compare,
  type Difference,
  type Figure,
  type Finding,
  renderComparison,
  type SettingDifference,
} from './api/compare.js';
export {
  type CheckDescription,
  type CheckOutcome,
  type Diagnosis,
  type DoctorHooks,
  type DoctorOptions,
  diagnoseTarget,
  type Finding as DiagnosisFinding,
  type Layer,
  listChecks,
  type Severity,
  type TargetDiagnosis,
  type WriteProbeTimes,
} from './api/doctor.js';
export { type DiagnoseFilesOptions, diagnoseFiles, listFileChecks } from './api/doctor-files.js';
export type { ExitCode } from './api/exit.js';
export { type FaultDescription, listFaults } from './api/faults.js';
export { findResult, findResults, type NamedResult } from './api/find-results.js';
export {
  type GateOptions,
  type GateReport,
  gate,
  type ListedMetric,
  listMetrics,
  listUnits,
  type MetricForm,
  type MetricUnit,
} from './api/gate.js';
export { init } from './api/init.js';
export {
  findLab,
  type Lab,
  type LabEndpoint,
  type LabName,
  type LabStatus,
  type LabTls,
  labStatus,
  listLabs,
  type StartLabOptions,
  startLab,
  stopLab,
} from './api/lab.js';
export {
  type Headline,
  type HeadlineDowntime,
  type Listed,
  type ListingFormat,
  listResults,
  renderListing,
} from './api/list-results.js';
export type {
  AddressTarget,
  FaultOptions,
  LabTarget,
  LoadOptions,
  NamedTarget,
  ResultOptions,
  RunHooks,
  RunOptions,
  RunProgress,
  SelectionOptions,
  TableOptions,
  TargetOptions,
  WorkloadOptions,
} from './api/options.js';
export { type RunOutcome, UnwrittenResult } from './api/outcome.js';
export {
  type FaultForecast,
  type Forecast,
  type PredictOptions,
  type PredictSource,
  type PredictWord,
  predict,
  type RenderPredictionOptions,
  renderPrediction,
  type Shortening,
} from './api/predict.js';
export { advanceLive, formatProgress, type LiveOptions, type LiveState, renderLive } from './api/progress.js';
export { type DiagnosisFormat, renderDiagnosis } from './api/render-diagnosis.js';
export {
  formatOfFile,
  listFormats,
  type RenderOptions,
  type ReportFormatDescription,
  renderReport,
  renderTerminal,
  type TerminalOptions,
  type TerminalReportOptions,
} from './api/render-report.js';
export { run } from './api/run.js';
export {
  type ListedTarget,
  listTargets,
  showTarget,
  type TargetDescription,
  type TargetList,
  type TargetOptionDescription,
} from './api/target-show.js';
export { type TargetAnswer, type TargetTest, testTarget } from './api/target-test.js';
export { toolVersion } from './api/version.js';
export {
  describeWorkload,
  listWorkloads,
  type ScriptDescription,
  type ScriptSource,
  type WorkloadDescription,
} from './api/workloads.js';
export { UserError } from './errors.js';
export { type Gate, type JudgeOptions, judgeGates, parseGate } from './gates/gate.js';
/** What was planned, as it stands in a result. */
export type {
  Connections,
  Deadlines,
  FaultPlan,
  LedgerMode,
  LogPlan,
  Pace,
  Plan,
  Protocol,
  ReconnectPolicy,
  RetryPolicy,
  ScriptOrigin,
  ScriptPlan,
  Stage as PaceStage,
  TransactionLimit,
  WorkloadPlan,
} from './plan/plan.js';
export type { Endpoint, HaproxyAddress, Route, ServiceAccess, Target } from './plan/target.js';
export type { Outcome } from './postgres/outcome.js';
/** A result and its parts: see docs/result.md. */
export type * from './result/commits.js';
export type * from './result/downtime.js';
export type * from './result/gate.js';
export type * from './result/generator.js';
export type * from './result/observed.js';
export { readResult } from './result/read.js';
export type * from './result/result.js';
export type * from './result/round.js';
/** What a workload file of one's own needs: see docs/workloads.md. */
export type { ScriptFunction, ScriptFunctionContext } from './workload/program.js';
export type {
  OptionValues,
  PrepareProgress,
  Schema,
  SchemaName,
  SchemaState,
  Script,
  WorkloadDefinition,
  WorkloadOption,
} from './workload/workload.js';
