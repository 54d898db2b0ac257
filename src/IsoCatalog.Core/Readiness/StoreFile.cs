namespace IsoCatalog.Core.Readiness;

/// <summary>What the site knows about its own copy of an image. Absent means no value at all.</summary>
public abstract record StoreFile
{
    private StoreFile()
    {
    }

    /// <summary>Of the file that is kept, trusted or not; null while there is none.</summary>
    public Receipt? Held => this switch
    {
        Present present => present.Receipt,
        Doubted doubted => doubted.Receipt,
        Retired retired => retired.Receipt,
        _ => null,
    };

    /// <summary>Verified, and stat agrees so far.</summary>
    public sealed record Present(Receipt Receipt) : StoreFile;

    /// <summary>Something touched it: not served, not copied from, until it was read and compared.</summary>
    /// <param name="Reads">How often it was read in vain, because it changed meanwhile. Not kept across a restart.</param>
    public sealed record Doubted(Receipt Receipt, string Reason, DateTimeOffset Since, int Reads = 0) : StoreFile
    {
        /// <summary>What comes to rest sooner is no news beside the doubt itself.</summary>
        private const int Patience = 3;

        public string Code => Reads < Patience ? "store-doubted" : ReasonCode.StoreRestless;

        /// <summary>It was read, and nothing is known of it yet.</summary>
        /// <param name="why">As a clause, with the path.</param>
        public Doubted ReadInVain(string why) => this with
        {
            Reads = Reads + 1,
            Reason = Reads + 1 < Patience ? $"{why}. It is being read again."
                : $"{why}, each of {Reads + 1} times. It is read again until it comes to rest, and served to nobody before: find out what is at it (fuser, a backup agent, chown -R).",
        };
    }

    /// <summary>On its way from other sites. Lives in memory only: after a restart the catalog says again what is to be fetched.</summary>
    /// <param name="Progress">0 to 1 of the bytes; of their reading back, once all are here.</param>
    /// <param name="Code">One of <see cref="ReasonCode"/>.</param>
    public sealed record Fetching(DateTimeOffset Since, double Progress, string Code, string Reason) : StoreFile
    {
        /// <summary>The most that was here of it so far, 0 to 1: an attempt that begins anew is no step back.</summary>
        public double Furthest { get; init; }

        /// <summary>When it last came further, or was begun; null while it waits for its turn.</summary>
        public DateTimeOffset? Moved { get; init; }

        /// <summary>What is said of it next.</summary>
        public static Fetching After(Fetching? before, double progress, string code, string reason, DateTimeOffset now)
        {
            var here = code == ReasonCode.Verifying ? 1 : progress;
            return new(before?.Since ?? now, progress, code, reason)
            {
                Furthest = Math.Max(here, before?.Furthest ?? 0),
                Moved = before?.Moved is { } moved && here <= before.Furthest ? moved : now,
            };
        }
    }

    /// <summary>Gone, or its bytes are wrong (then moved to quarantine).</summary>
    /// <param name="Code"><see cref="ReasonCode.StoreMissing"/>, <see cref="ReasonCode.StoreDamaged"/>, or <see cref="ReasonCode.Disputed"/> for a pair that was found to
    /// be false.</param>
    public sealed record Lost(string Code, string Reason, DateTimeOffset Since) : StoreFile;

    /// <summary>Deleted but restorable.</summary>
    public sealed record Retired(Receipt Receipt, DateTimeOffset Since) : StoreFile;
}
