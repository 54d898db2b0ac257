using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>What came of something that may properly be refused.</summary>
public abstract record Outcome<T>
{
    private Outcome()
    {
    }

    public sealed record Done(T Value) : Outcome<T>;

    public sealed record Refused(Refusal Refusal) : Outcome<T>;

    public static implicit operator Outcome<T>(T value) => new Done(value);

    public static implicit operator Outcome<T>(Refusal refusal) => new Refused(refusal);
}

/// <summary>Why something was not done.</summary>
/// <param name="Code">One of <see cref="RefusalCode"/>; becomes the problem's <c>type</c>.</param>
/// <param name="Message">What is not so, and what whoever asked can do. A panel may show it to its customers: where one can get it, it names no command, no file and no address of the site.</param>
/// <param name="Image">The image that it is about or that stands in the way.</param>
public sealed record Refusal(string Code, string Message, ImageId? Image = null)
{
    /// <summary>What somebody who runs the site does about it: commands, calls, files. Null where there is nothing to add.</summary>
    public string? Remedy { get; init; }

    /// <summary>Both, for whoever runs the site.</summary>
    public string InFull => Remedy is null ? Message : $"{Message} {Remedy}";
}

/// <summary>Stable, listed in docs/panel.md with their HTTP status.</summary>
public static class RefusalCode
{
    public const string InvalidRequest = "invalid-request";
    public const string NotFound = "not-found";
    public const string UnknownSurface = "unknown-surface";
    public const string UnknownSite = "unknown-site";
    public const string EngineFailed = "engine-failed";
    public const string SiteUnreachable = "site-unreachable";
    public const string NotSupported = "not-supported";

    public const string EmptyImage = "empty-image";
    public const string NotAnIso = "not-an-iso";
    public const string TruncatedImage = "truncated-image";
    public const string CorruptImage = "corrupt-image";
    public const string Sha256Mismatch = "sha256-mismatch";
    public const string NameInvalid = "name-invalid";
    public const string NameTaken = "name-taken";
    public const string AlreadyInCatalog = "already-in-catalog";

    public const string SourceMissing = "source-missing";
    public const string SourceUnreadable = "source-unreadable";
    public const string SourceChanged = "source-changed";
    public const string SourceBusy = "source-busy";
    public const string UploadIncomplete = "upload-incomplete";
    public const string ReadError = "read-error";
    public const string WriteError = "write-error";
    public const string NoSpace = "no-space";

    public const string NotTrusted = "site-not-trusted";
    public const string SocketOnly = "socket-only";
    public const string TrustRefused = "trust-refused";
    public const string ConfigurationRefused = "configuration-refused";

    public const string ClockImplausible = "clock-implausible";
    public const string NotReady = "not-ready";
    public const string NotRestorable = "not-restorable";
    public const string Protected = "protected";
    public const string Blocked = "blocked";
    public const string NamesAnAlias = "names-an-alias";
    public const string Superseded = "superseded";

    /// <summary>A defect.</summary>
    public const string Unexpected = "unexpected";
}
