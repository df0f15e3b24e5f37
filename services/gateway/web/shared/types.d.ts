// What travels on the stream, and what the pages make of it. Read by `tsc` only; no browser loads this file.

export interface Text { ja: string; easy: string; en: string }

export interface AreaCode { scheme: string; code: string; name?: Text }
export interface Area { areaDesc: string; code?: AreaCode }

export interface Info {
  event: string; hazard: string; state: "active" | "released"; level?: number; rank?: number;
  expires?: string; headline?: string; instruction?: string; area: Area[]; message?: Message;
}

/**
 * services/gateway/core/message.py: what is said of a block that is in force, in every language; the gateway puts it
 * together, a page chooses the places that are its own and lays it out.
 */
export interface Message {
  hazard: string; level: number | null; equivalent: boolean; order: boolean; about: Text; name: Text; parts: string[];
  grade: Text; action: Text; source: Text; sourceShort: Text; verb: Text; sent: string; drill: boolean;
}

export interface Drill { run: string; surfaces: string[] }

export interface Alert {
  identifier: string; senderName: string; sent: string; status: string; source: string;
  origin: "official" | "gauge" | "office"; streams: string[]; revision: string; lease: string; drill?: Drill;
  event: string; headline: string; info: Info[];
}

/** schemas/lifecycle.py Stream, `kept` reduced to the alert that stands. */
export interface Stream {
  stream: string; revision: string; state: "active" | "ended" | "cancelled"; standing?: string; drill?: Drill;
  kept: Alert[];
}

export interface Frame {
  type: string; epoch?: string; offset?: number; digest?: string; outcome?: string; streams?: Stream[];
  stream?: Stream; gone?: string; leases?: { [source: string]: string }; server_time?: string; as_of?: string;
  heartbeat_s?: number; dead_s?: number; code?: string; reconnect?: boolean; retry_ms?: number;
}

export interface Cursor { epoch: string; offset: number; digest: string }

/** All streams of the city at one offset of `situation`. */
export interface Situation { epoch: string; offset: number; streams: Map<string, Stream> }

export interface Step { situation: Situation; resync: boolean }

/** One info block of a standing alert that concerns this surface. */
export interface Block { stream: string; revision: string; alert: Alert; info: Info; drill: boolean; rank: number }

/** A block whose source fell silent; `since` is when its lease ended, in milliseconds. */
export interface Lapse { block: Block; since: number }

export interface InForce { real: Block[]; drills: Block[]; lapsed: Lapse[] }

export interface View {
  surface: "sign" | "page"; mine: Set<string>; now: number; leases: Map<string, number>;
}

/** `mine`: areas as "scheme:code"; `names`: what they are called, where that is known. */
export interface Place { name: Text; mine: Set<string>; names: Map<string, Text> }

export interface CityNeighbour { id: string; name: Text; jis5: string; areas: AreaCode[] }

/** `GET /v1/city`. */
export interface City {
  id: string; name: Text; prefecture: Text; jis5: string; areas: AreaCode[]; neighbours: CityNeighbour[]; demo: boolean; idle: IdleItem[];
  inbox?: string;
}

export interface IdleItem { title: Text; text?: Text }

export type LevelMark = { kind: "level"; level: number; equivalent: boolean };
export type GradeMark = { kind: "grade"; by: string; grade: Text };

/**
 * What is said about one block, in the order of importance: what to do, where, since when and who says so.
 * `subject` is what it is about (a stream's hazard), `key` that with the name it has now.
 */
export interface Card {
  subject: string; key: string; stream: string; revision: string; drill: boolean; rank: number; level: number | null;
  order: boolean; hazard: string;
  mark: LevelMark | GradeMark; kicker: Text; name: Text; parts: string[];
  places: Text[]; action: Text; source: Source;
}

/** A card's lines in one language; `drill` is "" of something real. */
export interface Lines { drill: string; mark: string; about: string; name: string; place: string; action: string; source: string }

export interface Source { who: Text; sent: number; verb: Text }

/** Whether the line to the gateway lives, and when it was last heard, by the server's clock. */
export interface Line { state: "connecting" | "live" | "lost"; heard: number | null; asOf?: number | null }

/** What a page knows at one moment. `clockKnown` is false when nobody can say what time it is (DESIGN.md §3.6). */
export interface Known {
  situation: Situation; leases: Map<string, number>; line: Line; now: number; clockKnown: boolean;
}
