using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>Refusals as RFC 9457 problems.</summary>
internal static class Problems
{
    /// <summary>As an operator gets it.</summary>
    public static Problem Of(Refusal refusal) =>
        new(Problem.TypePrefix + refusal.Code, Title(refusal.Code), Status(refusal.Code), refusal.Message, refusal.Image, refusal.Remedy);

    /// <summary>As whoever makes the request gets it: the remedy is for those who can use it.</summary>
    public static Problem Of(Refusal refusal, HttpContext http) =>
        http.Features.Get<Caller>()?.Is(Role.Operator) == true ? Of(refusal) : Of(refusal with { Remedy = null });

    public static int Status(string code) => code switch
    {
        RefusalCode.NotFound or RefusalCode.UnknownSite or RefusalCode.UnknownSurface or RefusalCode.SourceMissing => 404,
        RefusalCode.NameTaken or RefusalCode.AlreadyInCatalog or RefusalCode.NotReady or RefusalCode.NotRestorable or RefusalCode.Protected or RefusalCode.Blocked
            or RefusalCode.NamesAnAlias or RefusalCode.Superseded
            or RefusalCode.SourceChanged or RefusalCode.SourceBusy => 409,
        RefusalCode.EmptyImage or RefusalCode.NotAnIso or RefusalCode.TruncatedImage or RefusalCode.CorruptImage
            or RefusalCode.Sha256Mismatch or RefusalCode.SourceUnreadable or RefusalCode.TrustRefused or RefusalCode.ConfigurationRefused => 422,
        RefusalCode.SocketOnly => 403,
        RefusalCode.NoSpace => 507,
        RefusalCode.ReadError or RefusalCode.WriteError or RefusalCode.Unexpected => 500,
        RefusalCode.ClockImplausible or RefusalCode.NotTrusted or RefusalCode.SiteUnreachable => 503,
        RefusalCode.NotSupported => 501,
        RefusalCode.EngineFailed => 502,
        _ => 400,
    };

    /// <summary>The code in words: the same for every occurrence, as RFC 9457 asks.</summary>
    private static string Title(string code) => char.ToUpperInvariant(code[0]) + code[1..].Replace('-', ' ');
}
