using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Intake;

/// <summary>Something to be added.</summary>
/// <param name="Name">As it was called where it comes from; see <see cref="ImageFileName.TryDerive"/>.</param>
/// <param name="Label">What messages call it.</param>
/// <param name="By">Who asks.</param>
internal abstract record IngestRequest(string Name, string Label, string By)
{
    public Sha256Digest? ExpectedSha256 { get; init; }

    public MetaValue? Meta { get; init; }

    /// <summary>Bytes, if known beforehand.</summary>
    public abstract long? Length { get; }

    public sealed record FromFile(string Path, string Name, string By) : IngestRequest(Name, Path, By)
    {
        public override long? Length => File.Exists(Path) ? new FileInfo(Path).Length : null;
    }

    public sealed record FromStream(Stream Body, long? Announced, string Name, string By) : IngestRequest(Name, Name, By)
    {
        public override long? Length => Announced;
    }
}

/// <summary>How far an add has come; read by others while it runs.</summary>
internal sealed class IngestProgress : IProgress<long>
{
    private long _done;
    private long _total;
    private volatile string _step = "waiting";

    public string Step => _step;

    public long Done => Interlocked.Read(ref _done);

    public long Total => Interlocked.Read(ref _total);

    public void Begin(string step, long total)
    {
        Interlocked.Exchange(ref _total, total);
        Interlocked.Exchange(ref _done, 0);
        _step = step;
    }

    public void Report(long value) => Interlocked.Exchange(ref _done, value);
}
