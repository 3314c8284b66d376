/** Annotations, layers and terms as the client holds them. All coordinates are level-0 pixels, `[x, y]`, y down. */

export type Position = readonly [x: number, y: number];
/** A closed outline: the first point is repeated at the end, as GeoJSON wants it. */
export type Ring = readonly Position[];

export type Geometry =
  | { readonly type: "Point"; readonly coordinates: Position }
  | { readonly type: "LineString"; readonly coordinates: readonly Position[] }
  | { readonly type: "Polygon"; readonly coordinates: readonly Ring[] }
  | { readonly type: "MultiPolygon"; readonly coordinates: readonly (readonly Ring[])[] };

/** What was drawn; a rectangle and an ellipse are polygons that remember what they are. */
export type GeometryKind = "POINT" | "LINE" | "RECTANGLE" | "ELLIPSE" | "POLYGON" | "MULTIPOLYGON";

export type Bounds = readonly [minX: number, minY: number, maxX: number, maxY: number];

export interface PersonRef {
  readonly id: string;
  readonly name: string;
  /** `#rrggbb`, the person's own pastel. */
  readonly color: string;
}

/** Where an annotation stands in review; one that is accepted is locked. */
export type ReviewState = "DRAFT" | "PROPOSED" | "ACCEPTED" | "REJECTED";

export interface Annotation {
  readonly id: string;
  readonly slideId: string;
  /** Empty while the author's own layer does not exist yet on the server. */
  readonly layerId: string;
  readonly termId: string | null;
  readonly kind: GeometryKind;
  readonly geometry: Geometry;
  readonly bounds: Bounds;
  readonly areaPx: number;
  readonly lengthPx: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly note: string;
  /** By someone, or because it was accepted. */
  readonly locked: boolean;
  readonly reviewState: ReviewState;
  /** Why it was rejected. */
  readonly reviewReason: string | null;
  readonly reviewedBy: PersonRef | null;
  /** 0 while the server has not seen it; counts from 1 there. */
  readonly version: number;
  readonly createdBy: PersonRef | null;
  readonly updatedBy: PersonRef | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type LayerKind = "USER" | "PREDICTION" | "IMPORT";

export interface Layer {
  readonly id: string;
  readonly kind: LayerKind;
  readonly name: string;
  readonly color: string;
  readonly owner: PersonRef | null;
  readonly predictionId: string | null;
  readonly annotationCount: number;
}

export interface Term {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly hotkey: string | null;
  /** Counts through the tree of terms: a parent comes before its children. */
  readonly position: number;
  /** The term that this one is a kind of; none at the top. */
  readonly parentId?: string | null;
}

/** One change to one annotation, as `applyAnnotationOps` takes it. */
export type AnnotationOp =
  | {
      readonly type: "create";
      readonly id: string;
      readonly kind: GeometryKind;
      readonly geometry: Geometry;
      readonly termId: string | null;
      readonly attributes?: Readonly<Record<string, unknown>>;
      readonly note?: string;
      readonly layerId?: string;
    }
  | {
      readonly type: "update";
      readonly id: string;
      /** The version the change was made upon; set by the store for geometry. */
      readonly expectedVersion?: number;
      readonly kind?: GeometryKind;
      readonly geometry?: Geometry;
      /** `null` removes the term. */
      readonly termId?: string | null;
      /** Merged key by key; `null` removes a key. */
      readonly attributes?: Readonly<Record<string, unknown>>;
      readonly note?: string;
      readonly locked?: boolean;
    }
  /** By the brush and the eraser: what comes to an area or goes from it, whatever it is by then, so that two who do it at once both succeed. */
  | { readonly type: "addArea" | "subtractArea"; readonly id: string; readonly geometry: Geometry }
  | {
      readonly type: "review";
      readonly id: string;
      readonly state: ReviewState;
      /** Only with a rejection, which needs one. */
      readonly reason?: string | null;
      readonly expectedVersion?: number;
    }
  | { readonly type: "delete"; readonly id: string; readonly expectedVersion?: number }
  | { readonly type: "restore"; readonly id: string; readonly expectedVersion?: number };
