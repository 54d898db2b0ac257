using System.ComponentModel;
using System.Text.Json;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace IsoCatalog.Appliance.Api;

/// <summary>The catalog: what there is, and changing it.</summary>
internal static class ImageEndpoints
{
    /// <summary>Bytes a second.</summary>
    private const int LeastUploadRate = 4096;

    public static void Map(RouteGroupBuilder api)
    {
        var images = api.MapGroup("/images").WithTags("images").Signs();
        images.MapGet("/", List).RequireRole(Role.Panel).WithSummary("Every catalog image with its ready matrix")
            .WithDescription(
                "By name. At most 5000 images are answered at once; where more follow, the header Link (RFC 8288) has the address of the next page, relative to this one, as rel=next.")
            .Produces<ImageList>().Refuses(400);
        images.MapGet("/{id}", Get).RequireRole(Role.Panel).WithSummary("One image, by id, file name or alias").Produces<ImageView>()
            .Refuses(404);
        images.MapPost("/", AddAsync).RequireRole(Role.Operator).WithSummary("Add an image")
            .WithDescription(
                "A body of type application/octet-stream is the image itself (query: name, sha256, title, kind, replace) and is answered with 201 once it is signed. "
                + "A JSON body names a file on the appliance's own machine and is answered with 202 and a job.")
            .Accepts<AddRequest>("application/json", "application/octet-stream")
            .Produces<ImageView>(201)
            .Produces<JobView>(202)
            .Refuses(400, 409, 422, 500, 501, 503, 507);
        images.MapDelete("/{id}", Delete).RequireRole(Role.Operator).WithSummary("Remove an image; it stays restorable").Produces<ImageView>(202).Refuses(404, 409, 503);
        images.MapPost("/{id}/restore", Restore).RequireRole(Role.Operator).WithSummary("Bring a removed image back").Produces<ImageView>(202).Refuses(404, 409, 503);
        images.MapPatch("/{id}", Patch).RequireRole(Role.Operator).WithSummary("Describe an image")
            .WithDescription("Members that are left out stay as they are; a title that is null is taken away.").Produces<ImageView>().Refuses(400, 404, 503);
    }

    private static IResult List(
        HttpContext http,
        SiteLedger ledger,
        ViewPoint point,
        [FromQuery, Description("At most so many images: 1 to 5000, which is the default.")] int? limit,
        [FromQuery, Description("From where on, as the Link header of the page before says.")] string? after,
        [FromQuery, Description(LanguageTag.Meaning)] string? lang)
    {
        if (LanguageTag.Objection(lang) is { } objection)
        {
            return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, objection));
        }

        if (limit is < 1 or > ImagePage.Most)
        {
            return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, $"limit is {limit}; it may be 1 to {ImagePage.Most}."));
        }

        ImagePlace place = default;
        if (after is not null && !ImagePlace.TryParse(after, out place))
        {
            return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, "after is not from a Link header of this list. Begin without it."));
        }

        var view = ledger.View;
        var page = ImagePage.Of(view.Catalog.Live, after is null ? null : place, limit ?? ImagePage.Most);
        if (page.Next is { } next)
        {
            // Relative, so that it is right behind any proxy.
            http.Response.Headers.Link = $"<?limit={limit ?? ImagePage.Most}&after={next}{(lang is null ? "" : "&lang=" + lang)}>; rel=\"next\"";
        }

        var caller = http.Caller();
        return TypedResults.Json(
            new ImageList(ImageViews.Each(view, page.Images, point, lang).Select(i => PanelViews.For(caller, i, point.Site))), ApiJson.Readable.ImageList);
    }

    private static IResult Get(string id, HttpContext http, SiteLedger ledger, ViewPoint point, [FromQuery, Description(LanguageTag.Meaning)] string? lang)
    {
        if (LanguageTag.Objection(lang) is { } objection)
        {
            return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, objection));
        }

        var view = ledger.View;
        return view.Catalog.Find(id) is { } image
            ? TypedResults.Json(PanelViews.For(http.Caller(), ImageViews.Of(view, image, point, lang), point.Site), ApiJson.Readable.ImageView)
            : SiteApi.Refused(CatalogRules.Unknown(view.Catalog, id));
    }

    private static async Task<IResult> AddAsync(
        HttpContext http,
        IngestQueue queue,
        SiteLedger ledger,
        ViewPoint point,
        [FromQuery, Description("With a stream: the file name, such as debian-12.iso.")] string? name,
        [FromQuery, Description("With a stream: the SHA-256 that the bytes must have, 64 hexadecimal digits.")] string? sha256,
        [FromQuery, Description("With a stream: the English title.")] string? title,
        [FromQuery, Description("With a stream: installer, live, rescue, drivers or other.")] string? kind,
        [FromQuery, Description("With a stream: an image that has the name goes for this one, in the same step.")] bool? replace)
    {
        var by = http.Caller().Name;
        if (http.Request.HasJsonContentType())
        {
            AddRequest? request;
            try
            {
                request = await JsonSerializer.DeserializeAsync(http.Request.Body, ApiJson.Readable.AddRequest, http.RequestAborted);
            }
            catch (JsonException e)
            {
                return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, BodyWords.Of(e, ApiJson.Readable.AddRequest)));
            }

            if (http.Request.Query.Keys.FirstOrDefault() is { } misplaced)
            {
                return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, $"{misplaced} stands in the query, where nothing is looked at beside a JSON body: say it in the body."));
            }

            return FromPath(http, request, queue, by);
        }

        var expected = default(Sha256Digest);
        if (sha256 is not null && !Sha256Digest.TryParse(sha256, out expected))
        {
            return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, $"sha256 is '{sha256}'; it must be 64 hexadecimal digits."));
        }

        if (name is null)
        {
            return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, "Say what the image is called: ?name=NAME.iso."));
        }

        if (KindRefusal(kind) is { } refusal)
        {
            return SiteApi.Refused(refusal);
        }

        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            // Slow lines are served; who sends nothing does not keep a place and the room that was announced.
            rate.MinDataRate = new MinDataRate(LeastUploadRate, TimeSpan.FromSeconds(30));
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        var upload = new IngestRequest.FromStream(http.Request.Body, http.Request.ContentLength, name, by)
        {
            ExpectedSha256 = sha256 is null ? null : expected,
            Title = title,
            Kind = kind,
            Replace = replace == true,
        };
        return SiteApi.Answer(await queue.RunAsync(upload, http.RequestAborted), image =>
        {
            http.Response.Headers.Location = $"/api/v1/images/{image.Id}";
            return TypedResults.Json(ImageViews.Of(ledger.View, image, point), ApiJson.Readable.ImageView, statusCode: 201);
        });
    }

    /// <summary>A path is read with the appliance's rights, so only somebody on its own machine may name one, and only of what they may read themselves.</summary>
    private static IResult FromPath(HttpContext http, AddRequest? request, IngestQueue queue, string by)
    {
        if (request is null or { Path: null, Url: null } or { Path: not null, Url: not null })
        {
            return SiteApi.Refused(new Refusal(
                RefusalCode.InvalidRequest, "Give a path on the appliance's own machine; or send the image itself as application/octet-stream."));
        }

        if (request.Url is not null)
        {
            return SiteApi.Refused(new Refusal(
                RefusalCode.NotSupported, "Adding by URL is not supported by this version yet. Download the image and add the file."));
        }

        if (LocalCaller.Of(http) is not { } user)
        {
            return SiteApi.Refused(new Refusal(
                RefusalCode.NotSupported, "A path can be given on the appliance's own machine only, and not through a proxy. Send the image itself as application/octet-stream."));
        }

        if (!Path.IsPathFullyQualified(request.Path!) || request.Path!.Contains('\0'))
        {
            return SiteApi.Refused(new Refusal(RefusalCode.InvalidRequest, $"The path must be absolute: '{request.Path!.Replace('\0', '?')}'."));
        }

        if (KindRefusal(request.Kind) is { } refusal)
        {
            return SiteApi.Refused(refusal);
        }

        var file = new IngestRequest.FromFile(request.Path, request.Name ?? Path.GetFileName(request.Path), by)
        {
            ExpectedSha256 = request.Sha256,
            Title = request.Title,
            Kind = request.Kind,
            Replace = request.Replace == true,
            For = user,
        };
        if (file.Forbidden() is { } forbidden)
        {
            return SiteApi.Refused(forbidden);
        }

        var job = queue.Start(file);
        http.Response.Headers.Location = $"/api/v1/jobs/{job.Id}";
        return TypedResults.Json(JobViews.Of(job), ApiJson.Readable.JobView, statusCode: 202);
    }

    private static IResult Delete(string id, HttpContext http, SiteLedger ledger, CatalogBook book, ViewPoint point, [FromQuery, Description("The reason, for the audit.")] string? why) =>
        ledger.View.Catalog is var catalog && catalog.FindItself(id) is not { } image
            ? SiteApi.Refused(CatalogRules.NotItself(catalog, id))
            : SiteApi.Answer(book.Delete(image.Id, http.Caller().Name, why), i => Accepted(ledger, i, point));

    private static IResult Restore(string id, HttpContext http, SiteLedger ledger, CatalogBook book, ViewPoint point)
    {
        var catalog = ledger.View.Catalog;
        var image = catalog.FindItself(id)
            ?? catalog.Images.Values.Where(i => i.Deleted && ImageFileName.Comparer.Equals(i.FileName, id)).MaxBy(i => i.Stamp);
        return image is null
            ? SiteApi.Refused(CatalogRules.NotItself(catalog, id))
            : SiteApi.Answer(book.Restore(image.Id, http.Caller().Name), i => Accepted(ledger, i, point));
    }

    private static IResult Patch(string id, ImagePatch patch, HttpContext http, SiteLedger ledger, CatalogBook book, ViewPoint point)
    {
        var catalog = ledger.View.Catalog;
        if (catalog.FindItself(id) is not { } image)
        {
            return SiteApi.Refused(CatalogRules.NotItself(catalog, id));
        }

        if ((KindRefusal(patch.Kind) ?? PatchRefusal(patch)) is { } refusal)
        {
            return SiteApi.Refused(refusal);
        }

        return SiteApi.Answer(
            book.SetMeta(image.Id, meta => ImageViews.Patched(meta, patch), http.Caller().Name),
            i => TypedResults.Json(ImageViews.Of(ledger.View, i, point), ApiJson.Readable.ImageView));
    }

    private static IResult Accepted(SiteLedger ledger, CatalogImage image, ViewPoint point) =>
        TypedResults.Json(ImageViews.Of(ledger.View, image, point), ApiJson.Readable.ImageView, statusCode: 202);

    private static Refusal? KindRefusal(string? kind) => kind is null || ImageKinds.All.Contains(kind)
        ? null
        : new Refusal(RefusalCode.InvalidRequest, $"kind is '{kind}'; it may be {string.Join(", ", ImageKinds.All)}.");

    private static Refusal? PatchRefusal(ImagePatch patch) =>
        patch.Offer is not (null or "together" or "asap")
            ? new Refusal(RefusalCode.InvalidRequest, $"offer is '{patch.Offer}'; it may be together or asap.")
        : patch.Titles?.Keys.FirstOrDefault(l => !LanguageTag.IsValid(l)) is { } language
            ? new Refusal(RefusalCode.InvalidRequest, $"'{ShownText.Cut(language, 40)}' is no language of a title; a language is a tag such as en or pt-BR.")
        : (patch.Tags ?? []).Concat(patch.Arch ?? []).Any(t => string.IsNullOrEmpty(t))
            ? new Refusal(RefusalCode.InvalidRequest, "A tag or an architecture is empty.")
        : patch.Tags is { Count: > 50 } || patch.Titles is { Count: > 50 } || patch.Arch is { Count: > 20 }
            || Texts(patch).Any(t => t is { Length: > 500 } || t.Any(char.IsControl))
            ? new Refusal(RefusalCode.InvalidRequest, "At most 50 titles and tags, 20 architectures, and 500 characters each, without control characters.")
        : null;

    private static IEnumerable<string> Texts(ImagePatch patch) => new[] { patch.Title, patch.Group, patch.Owner }
        .Concat(patch.Tags ?? []).Concat(patch.Arch ?? []).Concat(patch.Titles?.Values ?? [])
        .Concat([patch.Os?.Family, patch.Os?.Distro, patch.Os?.Version, patch.Os?.Edition, patch.Os?.Language])
        .OfType<string>();
}
