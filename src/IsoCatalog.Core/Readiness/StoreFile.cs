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
    public sealed record Doubted(Receipt Receipt, string Reason, DateTimeOffset Since) : StoreFile;

    /// <summary>On its way from other sites. Lives in memory only: after a restart the catalog says again what is to be fetched.</summary>
    /// <param name="Progress">0 to 1.</param>
    /// <param name="Code">One of <see cref="ReasonCode"/>.</param>
    public sealed record Fetching(DateTimeOffset Since, double Progress, string Code, string Reason) : StoreFile;

    /// <summary>Gone, or its bytes are wrong (then moved to quarantine).</summary>
    /// <param name="Code"><see cref="ReasonCode.StoreMissing"/>, <see cref="ReasonCode.StoreDamaged"/>, or <see cref="ReasonCode.Disputed"/> for a pair that was found to
    /// be false.</param>
    public sealed record Lost(string Code, string Reason, DateTimeOffset Since) : StoreFile;

    /// <summary>Deleted but restorable.</summary>
    public sealed record Retired(Receipt Receipt, DateTimeOffset Since) : StoreFile;
}
