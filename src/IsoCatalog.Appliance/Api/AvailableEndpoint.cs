using System.ComponentModel;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary><c>GET /api/v1/available</c>: what can be mounted now.</summary>
internal static class AvailableEndpoint
{
    public static void Map(RouteGroupBuilder api) => api.MapGet("/available", Get)
        .RequireRole(Role.Panel)
        .WithTags("panel")
        .WithSummary("Images that can be mounted now")
        .WithDescription(
            "Only images whose bytes were read back from where the surface serves them and matched the signed hash, and about which there is no doubt since. "
            + "A name means that surface; a group (ipmi, console, ovirt) or a kind means ready on all its surfaces. Strong ETag, 304 with If-None-Match.")
        .Produces<AvailableAnswer>()
        .Produces(304)
        .Refuses(400, 404, 501, 503);

    private static IResult Get(
        HttpContext http,
        Availability availability,
        Elsewhere elsewhere,
        SiteConfiguration configuration,
        TimeProvider time,
        [Description("Required. A surface by name; or a group (ipmi, console, ovirt) or a kind, which means ready on all its surfaces.")] string? surface = null,
        [Description("A site of the fleet, or * for what is ready at all of them. Default: this site.")] string? site = null,
        [Description("Family or distribution, without case.")] string? os = null,
        [Description("x86_64, aarch64, i686, riscv64, armv7l, loongarch64 or another that the catalog names.")] string? arch = null,
        [Description("uefi or bios.")] string? boot = null,
        [Description("installer, live, rescue, drivers or other.")] string? kind = null,
        [Description("One of the tags, without case.")] string? tag = null,
        [Description("Part of the title, the file name or the volume id, without case.")] string? q = null,
        [Description("An oVirt cluster by name or id: only what its virtual machines can mount. Without it, what those of every data center can that the ISO domain is attached to.")] string? cluster = null,
        [Description(LanguageTag.Meaning)] string? lang = null,
        [Description("Not supported yet.")] string? bmc = null)
    {
        if (Refusal(http, surface, boot, lang, bmc, cluster is not null && site is not null && site != configuration.Site) is { } refusal)
        {
            return SiteApi.Refused(refusal);
        }

        var query = new AvailableQuery(surface!)
        {
            Os = os,
            Arch = arch,
            Boot = boot,
            Kind = kind,
            Tag = tag,
            Text = q,
            Cluster = cluster,
            Language = lang,
        };
        if (site is not null && site != configuration.Site)
        {
            return elsewhere.Answer(site, query) switch
            {
                Outcome<AvailableBytes>.Done { Value: var there } => new Prepared(there, time.GetUtcNow()),
                Outcome<AvailableBytes>.Refused { Refusal: var refused } => SiteApi.Refused(refused),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }

        var answer = availability.Answer(query);
        return answer is null
            ? SiteApi.Refused(cluster is not null
                ? new Refusal(RefusalCode.UnknownSurface, $"No ISO domain of '{surface}' is attached to the data center of a cluster '{cluster}', as far as the engine has told.")
                {
                    Remedy = "GET /api/v1/status names the clusters of each surface.",
                }
                : new Refusal(RefusalCode.UnknownSurface, $"There is no surface, kind or group '{surface}' at {configuration.Site}. Surfaces: "
                + $"{string.Join(", ", configuration.Surfaces.Select(s => s.Name))}; groups: ipmi, console, ovirt."))
            : new Prepared(answer, time.GetUtcNow());
    }

    private static Refusal? Refusal(
        HttpContext http, string? surface, string? boot, string? lang, string? bmc, bool clusterElsewhere) =>
        surface is null or { Length: 0 or > 100 }
            ? new Refusal(RefusalCode.InvalidRequest, "Say for which surface: ?surface=NAME, or a group: ipmi, console, ovirt.")
        : bmc is not null || clusterElsewhere
            ? new Refusal(RefusalCode.NotSupported, "The filter bmc is not supported by this version yet, and cluster is for the clusters of the site that is asked.")
        : boot is not (null or "uefi" or "bios")
            ? new Refusal(RefusalCode.InvalidRequest, $"boot is '{boot}'; it may be uefi or bios.")
        : LanguageTag.Objection(lang) is { } objection
            ? new Refusal(RefusalCode.InvalidRequest, objection)
        : http.Request.Query.Any(p => p.Value.ToString().Length > 200)
            ? new Refusal(RefusalCode.InvalidRequest, "A filter may have at most 200 characters.")
        : null;

    /// <summary>Bytes that are ready: no serialisation, no copy, the same object for everybody who asks the same.</summary>
    private sealed class Prepared(AvailableBytes answer, DateTimeOffset now) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var (request, response) = (httpContext.Request, httpContext.Response);
            var gzip = answer.Body.Length > 1024 && TakesGzip(request);
            var tag = gzip ? $"\"{answer.ETag}-gzip\"" : $"\"{answer.ETag}\"";
            response.Headers.ETag = tag;
            response.Headers.CacheControl = "no-cache";
            response.Headers.Vary = "Accept-Encoding";
            response.Headers["X-Checked-At"] = now.ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
            if (Matches(request.Headers.IfNoneMatch.ToString(), tag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }

            response.ContentType = "application/json; charset=utf-8";
            if (gzip)
            {
                response.Headers.ContentEncoding = "gzip";
            }

            var body = gzip ? answer.Gzip : answer.Body;
            response.ContentLength = body.Length;
            return HttpMethods.IsHead(request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
        }

        private static bool TakesGzip(HttpRequest request)
        {
            var header = request.Headers.AcceptEncoding.ToString();
            return header.Contains("gzip", StringComparison.OrdinalIgnoreCase)
                && (!header.Contains(';', StringComparison.Ordinal)
                    || request.GetTypedHeaders().AcceptEncoding.Any(e => e.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && e.Quality is not 0));
        }

        private static bool Matches(string header, string tag) => header.Length > 0
            && (header == tag || header.Split(',').Any(t => t.Trim() is "*" || t.Trim().Replace("W/", "", StringComparison.Ordinal) == tag));
    }
}
