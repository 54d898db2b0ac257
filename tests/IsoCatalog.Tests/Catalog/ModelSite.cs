using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Trust;

namespace IsoCatalog.Tests.Catalog;

/// <summary>A document as it travels: envelope and all chunks.</summary>
internal sealed record Parcel(Sha256Digest Hash, byte[] Envelope, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> Chunks)
{
    public static Parcel Of(SignedDocument document, SiteWriter writer) =>
        new(document.Ref.Sha256, document.Envelope, writer.Stated.Values.ToDictionary(c => c.Sha256, c => c.Bytes));
}

/// <summary>
/// One site of the model: a catalog, a writer, a shelf of all documents it ever had, and a clock that is wrong by a constant. What the site does with a document is
/// virtual, so that a wrong rule can be tried in its place.
/// </summary>
internal class ModelSite(SomeFleet fleet, string id, int skew)
{
    private readonly HashSet<Sha256Digest> _settled = [];

    public FleetCatalog Catalog { get; protected set; } = fleet.Catalog(id);

    public SiteWriter Writer { get; private set; } = fleet.Writer(id);

    public Dictionary<Sha256Digest, Parcel> Shelf { get; private set; } = [];

    public int Waited { get; private set; }

    public int Forked { get; private set; }

    private (FleetCatalog Catalog, SiteWriter Writer, Dictionary<Sha256Digest, Parcel> Shelf, HashSet<Sha256Digest> Settled)? _snapshot;

    public DateTimeOffset Clock(long now) => SomeFleet.Now.AddSeconds(now + skew);

    /// <summary>Writes with the local clock as the only one: no fence, no median, the worst case.</summary>
    public void Write(Func<Stamp, Entry> entry, long now)
    {
        var clock = Clock(now);
        var written = (WriteOutcome.Written)Writer.Write(Catalog, [entry(Writer.NextStamp(Catalog, ClockReading.Of(clock)))], fleet.Signers[id], ClockReading.Of(clock));
        Writer = written.Writer;
        Take(Parcel.Of(written.Document, Writer), now);
    }

    public void Receive(Parcel parcel, long now, bool withChunks = true)
    {
        if (!_settled.Contains(parcel.Hash))
        {
            Take(withChunks ? parcel : parcel with { Chunks = SomeFleet.Nothing }, now);
        }
    }

    public void Retry(long now)
    {
        foreach (var pending in Catalog.Pending)
        {
            Receive(new Parcel(pending.Ref.Sha256, pending.Envelope.ToArray(), pending.Chunks), now);
        }
    }

    public void Snapshot() => _snapshot = (Catalog, Writer, new(Shelf), [.. _settled]);

    /// <summary>The machine is as it was at the snapshot, and does not know.</summary>
    public bool Restore()
    {
        if (_snapshot is not { } s)
        {
            return false;
        }

        (Catalog, Writer, Shelf) = (s.Catalog, s.Writer, new(s.Shelf));
        _settled.Clear();
        _settled.UnionWith(s.Settled);
        return true;
    }

    public void Under(TrustChain trust) => Catalog = Catalog.WithTrust(trust);

    protected virtual Admission Admit(Parcel parcel, DateTimeOffset clock) => Catalog.Admit(parcel.Envelope, parcel.Chunks, clock);

    /// <summary>What the site keeps of an answer.</summary>
    protected virtual void Accept(Admission admission, Parcel parcel) => Catalog = admission.Catalog;

    protected void Settle(Parcel parcel) => _settled.Add(parcel.Hash);

    /// <summary>The site met a document of its own that it does not remember.</summary>
    protected virtual void Heal(long now)
    {
        Writer = SiteWriter.Start(Catalog, id, RandomId.New(), Writer.Epoch, Writer.Clock);
        var clock = Clock(now);
        var written = (WriteOutcome.Written)Writer.Write(Catalog, [], fleet.Signers[id], ClockReading.Of(clock));
        Writer = written.Writer;
        Take(Parcel.Of(written.Document, Writer), now);
    }

    private void Take(Parcel parcel, long now)
    {
        var outcome = Admit(parcel, Clock(now));
        Accept(outcome, parcel);
        switch (outcome)
        {
            case Admission.Admitted { Document: var document, Forks: var forks }:
                Keep(parcel);
                Forked += forks.Count;
                if (document.Site == id && document.Ref.Sha256 != Writer.Last)
                {
                    Heal(now);
                }

                break;
            case Admission.Known:
                Keep(parcel);
                break;
            case Admission.Pending:
                Waited++;
                break;
            default:
                throw new InvalidOperationException(((Admission.Refused)outcome).Violation.ToString());
        }
    }

    private void Keep(Parcel parcel)
    {
        Settle(parcel);
        if (parcel.Chunks.Count > 0)
        {
            Shelf[parcel.Hash] = parcel;
        }
    }
}
