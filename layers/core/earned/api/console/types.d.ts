/** A part of a page: an element as a plain value, a text, or nothing. */
export interface Tree { tag: string; attributes: Record<string, unknown>; children: (Tree | string)[] }
export type Child = Tree | string | number | null | undefined | false | readonly Child[];

/* What the API answers, as docs/openapi.json has it: the members that the pages read. */

export type Who = "learner" | "administrator" | "support" | "nobody";
export type Status = "in-progress" | "completed";

export interface Training { id: string; kind?: "course" | "live-event"; title?: string }
export interface Requirement { kind: string; id: string; title: string; reason: string; message: string; who: Who; since: string }
export interface CertificateOfEnrollment {
  certificate_id: string;
  status: string;
  revision: number;
  issued_at: string;
  issuer?: string;
  verify_url?: string;
}

export interface Enrollment {
  enrollment_id: string;
  account_id: string;
  holder?: string;
  training: Training;
  status: Status;
  completed_at?: string;
  outstanding: Requirement[];
  as_of: string;
  certificate?: CertificateOfEnrollment;
}

export interface TrainingSummary {
  training: Training;
  enrolled: number;
  completed: number;
  certificates: number;
  waiting: Record<Who, number>;
}

export interface Summary { items: TrainingSummary[]; as_of: string }
export interface Page<Item> { items: Item[]; next_cursor?: string }
export interface Link { url: string; expires_at: string; file_name: string }
export interface Export { export_id: string; status: "queued" | "running" | "done" | "failed"; count: number; failures: unknown[]; reason?: string; url?: string }
export interface ExportScope { training_id?: string; account_ids?: string[] }
export interface UnmarkedEvent { live_event_id: string; title: string; ended_at: string; waiting: number }
export interface UnmarkedPerson { enrollment_id: string; account_id: string; holder?: string; company_id?: string }
export interface SupportRequest { request_id: string; at: string; name: string; email: string; training: string; message?: string }
export interface TimelineEntry { at: string; what: string; subject: string; title?: string; detail?: string }

export interface Diagnosis {
  enrollment: { enrollment_id: string; company_id?: string; enrolled_at?: string; removed_at?: string };
  account: { account_id: string; kind?: string; name?: string; removed?: boolean };
  training: Training;
  completion: { status: Status; completed_at?: string; timeline: TimelineEntry[] };
  attendance?: { status: "present" | "absent" | "not-marked"; marked_by?: string; marked_at?: string };
  certificate?: { certificate_id: string; status: string; revision: number; document_present: boolean; document_intact: boolean };
  outstanding: Requirement[];
  blocking: Requirement | null;
  who_may_download: string;
}
