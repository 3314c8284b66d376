/** Everything that talks to the server. Panels use `connect`, `openSlideSession` and `startUpload`, and nothing else of this folder. */
export { connect, type GraphqlConnection, NetworkFailure, RequestRefused } from "./client";
export { type LiveSession, openSlideSession, type SessionOptions } from "./session";
export { startUpload, type TusUpload, type UploadOptions } from "./uploads";
