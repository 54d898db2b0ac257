using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Appliance.Intake;

/// <summary>Something to be added.</summary>
/// <param name="Name">As it was called where it comes from; see <see cref="ImageFileName.TryDerive"/>.</param>
/// <param name="Label">What messages call it.</param>
/// <param name="By">Who asks.</param>
internal abstract record IngestRequest(string Name, string Label, string By)
{
    public Sha256Digest? ExpectedSha256 { get; init; }

    /// <summary>Who says what is expected, or where it stands, in words that go on "given by"; whoever asks, if nothing is said. Catalog and lists show it where the hash makes up for a fault.</summary>
    public string? ExpectedBy { get; init; }

    /// <summary>How it is given a name, in the words of the way that it comes by.</summary>
    public Func<string, string> Named { get; init; } = static name => $"--name {name}";

    /// <summary>That whoever asks gives; null for none.</summary>
    public string? Title { get; init; }

    /// <inheritdoc cref="MetaValue.Kind"/>
    public string? Kind { get; init; }

    /// <summary>Whether an image that has the name goes for this one.</summary>
    public bool Replace { get; init; }

    /// <summary>Bytes, if known beforehand.</summary>
    public abstract long? Length { get; }

    public sealed record FromFile(string Path, string Name, string By) : IngestRequest(Name, Path, By)
    {
        /// <summary>As it must be when it is opened, where somebody has looked at it; another file, or a changed one, is not taken.</summary>
        public Receipt? Seen { get; init; }

        /// <summary>As it was when it was read whole; null before that.</summary>
        public Receipt? Read { get; set; }

        /// <summary>Who named the path, and learns nothing of what he may not read himself; null when the site found the file.</summary>
        public LocalUser? For { get; init; }

        /// <summary>Told before anything of the file is.</summary>
        public Refusal? Forbidden()
        {
            try
            {
                if (!SourceKind.MayBeFile(FileIdentity.KindOf(Path)))
                {
                    return ForbiddenToLookUp();
                }

                using var file = DurableFile.OpenRead(Path);
                return Forbidden(file);
            }
            catch (Exception e) when (DiskFault.IsOutside(e))
            {
                return ForbiddenToLookUp();
            }
        }

        public Refusal? Forbidden(SafeFileHandle opened) => For?.MayRead(opened) is false ? NotForThem : null;

        /// <summary>When it could not be opened: even that may not be theirs to know.</summary>
        public Refusal? ForbiddenToLookUp() => For?.MayLookUp(Path) is false ? NotForThem : null;

        /// <summary>A pipe that nobody writes to, or a device, is not even opened.</summary>
        public Refusal? NotAFile(FileKind kind) => SourceKind.MayBeFile(kind) ? null : ForbiddenToLookUp() ?? new Refusal(
            RefusalCode.SourceUnreadable, $"{Path} is not a file: it is {SourceKind.Called(kind)}. {SourceKind.Remedy(kind, "add that")}");

        private Refusal NotForThem => new(
            RefusalCode.SourceUnreadable, $"The user who named {Path} may not read it.")
        {
            Remedy = "Send the image itself, as `isocatalog add` does, or put it where that user may.",
        };

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
