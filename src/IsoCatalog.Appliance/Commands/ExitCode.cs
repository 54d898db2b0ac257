using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary>What each verb ends with. Stable: scripts rely on it, docs/cli.md lists it.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Something that none of the others says: a defect, a broken disk at the site, an answer that cannot be read.</summary>
    public const int Unexpected = 1;

    /// <summary>The command line itself is wrong; nothing was asked of the site.</summary>
    public const int Usage = 2;

    /// <summary>The configuration file is missing or has mistakes.</summary>
    public const int ConfigurationInvalid = 3;

    /// <summary>The site does not take this file or request: no ISO, truncated, another SHA-256 than expected, a bad name.</summary>
    public const int Refused = 4;

    /// <summary>There is no such image, surface or file.</summary>
    public const int NotFound = 5;

    /// <summary>Not as things are now (HTTP 409): the name is taken, the image is already there, protected or not ready.</summary>
    public const int Conflict = 6;

    /// <summary>No answer came from the site, or it is not able to answer now (HTTP 502, 503, 504).</summary>
    public const int Unreachable = 7;

    /// <summary>Not enough free space at the site.</summary>
    public const int NoSpace = 8;

    /// <summary>This user may not open the socket, or the token does not open this (HTTP 401, 403).</summary>
    public const int NotPermitted = 9;

    /// <summary>Added and safe, but not advertised on every surface within the time given; or the alias waits longer than that.</summary>
    public const int TimedOut = 10;

    /// <summary>Broken off by Ctrl-C or SIGTERM, or answered with no.</summary>
    public const int Cancelled = 130;

    /// <summary>As docs/cli.md and the manual page say them.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> Meanings { get; } =
    [
        (Ok, "done"),
        (Unexpected, "something that none of the others says: a defect, a broken disk at the site, an answer that cannot be read"),
        (Usage, "the command line is wrong; nothing was asked of the site"),
        (ConfigurationInvalid, "the configuration file is missing or has mistakes (`reload`: and nothing of it was taken); `serve`: the site cannot start, and changed nothing"),
        (Refused, "the site does not take this file or request: no ISO, truncated, another SHA-256, a bad name"),
        (NotFound, "there is no such image, surface or file"),
        (Conflict, "not as things are now (409): the name is taken, the image is already there, protected or not ready"),
        (Unreachable, "no answer came from the site, or it is not able to answer now (502, 503, 504)"),
        (NoSpace, "not enough free space at the site"),
        (NotPermitted, "this user may not open the socket, or the token does not open this (401, 403)"),
        (TimedOut, "added and safe, but not advertised on every surface within `--timeout`; or the alias waits longer than that"),
        (Cancelled, "broken off by Ctrl-C or SIGTERM, or answered with no"),
    ];

    public static int Of(Problem problem) => problem switch
    {
        { Code: "no-space" } or { Status: 507 } => NoSpace,
        { Code: "configuration-refused" } => ConfigurationInvalid,
        { Code: ClientProblemCode.UnexpectedAnswer or ClientProblemCode.AnswerTooLong } => Unexpected,
        { Status: 401 or 403 } => NotPermitted,
        { Status: 404 or 410 } => NotFound,
        { Status: 409 or 412 } => Conflict,
        { Status: 502 or 503 or 504 } => Unreachable,
        { Status: >= 400 and < 500 } or { Status: 501 } => Refused,
        _ => Unexpected,
    };

    public static int Of(ApplianceUnreachableException unreachable) =>
        unreachable.Reason is UnreachableReason.NotPermitted ? NotPermitted : Unreachable;
}
