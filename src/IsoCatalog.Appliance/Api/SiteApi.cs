using System.Text.Json.Serialization;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Telemetry;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace IsoCatalog.Appliance.Api;

/// <summary>The public API: routes, who may call each, and how refusals look. OpenAPI describes it at <c>/openapi/v1.json</c>.</summary>
internal static class SiteApi
{
    public static void Add(IServiceCollection services, SiteConfiguration configuration, TokenTable tokens, bool openOnLoopback)
    {
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Readable);
            options.SerializerOptions.Encoder = LetterEncoder.Instance;
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            options.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            options.SerializerOptions.RespectNullableAnnotations = true;
            options.SerializerOptions.AllowDuplicateProperties = false;
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            options.SerializerOptions.MaxDepth = 16;
        });
        services.AddSingleton<SiteStatus>();
        services.AddOpenApi("v1", SiteDescription.Apply);
        services.AddAccess(new AccessOptions
        {
            Tokens = tokens,
            TrustedProxies = configuration.TrustedProxies,
            OpenOnLoopback = openOnLoopback,
            SessionCookie = "isocatalog-" + configuration.Site,
        });
    }

    public static void Map(WebApplication app)
    {
        // An answer may hold < and &, and no browser is to take it for a page.
        app.Use((http, next) =>
        {
            http.Response.Headers.XContentTypeOptions = "nosniff";
            return next(http);
        });
        app.UseUnreadBodies();
        app.UseMetricsListener();
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = AnswerAsync, SuppressDiagnosticsCallback = IsBadRequest });
        app.UseStatusCodePages(context => WriteAsync(context.HttpContext, new Refusal(
            context.HttpContext.Response.StatusCode == 404 ? RefusalCode.NotFound : RefusalCode.InvalidRequest,
            Words(context.HttpContext)),
            context.HttpContext.Response.StatusCode));
        app.UseRoutingWithHead();
        app.UseAccess(AccessProblem.WriteAsync);
        app.Use((http, next) => QueryMembers.Objection(http) is { } objection
            ? WriteAsync(http, new Refusal(RefusalCode.InvalidRequest, objection), StatusCodes.Status400BadRequest)
            : next(http));

        var api = app.MapGroup("/api/v1").WithMetadata(new ApiCall());
        AvailableEndpoint.Map(api);
        ImageEndpoints.Map(api);
        BlockEndpoints.Map(api);
        TakeBackEndpoint.Map(api);
        AliasEndpoints.Map(api);
        LeaseEndpoints.Map(api);
        SiteEndpoints.Map(api);
        SurfaceEndpoints.Map(api);
        PeerEndpoints.Map(api);
        EventEndpoint.Map(api);
        ReloadEndpoint.Map(api);
        HealthEndpoints.Map(app);
        app.MapOpenApi().OpenToAll();
        app.MapMetrics(app.Services.GetRequiredService<MeterBridge>()).RequireRole(Role.Panel);
    }

    /// <summary>Says in the description that the endpoint may answer with a problem of these statuses.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            endpoint.Produces<Problem>(status, "application/problem+json");
        }

        return endpoint;
    }

    /// <summary>
    /// Whatever is asked to be signed here is signed above all that this site said before, which others are asked for in the first seconds after a start, and by a
    /// clock that was just compared with theirs.
    /// </summary>
    public static RouteGroupBuilder Signs(this RouteGroupBuilder group) => group.AddEndpointFilter(async (invocation, next) =>
    {
        var http = invocation.HttpContext;
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            await http.RequestServices.GetRequiredService<DocumentBook>().MaySign.WaitAsync(http.RequestAborted);
            await http.RequestServices.GetRequiredService<SiteLedger>().AskClocksAsync(http.RequestAborted);
        }

        return await next(invocation);
    });

    public static IResult Refused(Refusal refusal) => new RefusedResult(refusal);

    public static IResult Answer<T>(Outcome<T> outcome, Func<T, IResult> done) => outcome switch
    {
        Outcome<T>.Done { Value: var value } => done(value),
        Outcome<T>.Refused { Refusal: var refusal } => Refused(refusal),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Words(HttpContext http) => http.Response.StatusCode switch
    {
        415 => "The body is of a type that this request does not take: send Content-Type: application/json.",
        400 => $"Something in {http.Request.Method} {http.Request.Path} cannot be read; see /openapi/v1.json.",
        405 => $"{http.Request.Method} is nothing that {http.Request.Path} can do; it takes {http.Response.Headers.Allow}. See /openapi/v1.json.",
        _ => $"{http.Request.Method} {http.Request.Path} is not part of this API. See /openapi/v1.json.",
    };

    private static bool IsBadRequest(ExceptionHandlerSuppressDiagnosticsContext context) => context.Exception is BadHttpRequestException;

    private static Task AnswerAsync(HttpContext http) => AnswerAsync(http, http.Features.GetRequiredFeature<IExceptionHandlerFeature>());

    private static Task AnswerAsync(HttpContext http, IExceptionHandlerFeature failed) => failed.Error switch
    {
        BadHttpRequestException { StatusCode: 413 } => WriteAsync(
            http, new Refusal(RefusalCode.InvalidRequest, "The body is too large."), 413),
        BadHttpRequestException bad => WriteAsync(http, new Refusal(RefusalCode.InvalidRequest, BodyWords.Of(bad, failed.Endpoint, http.Request.ContentLength)), 400),
        IOException io => WriteAsync(
            http,
            new Refusal(DiskFault.IsFull(io) ? RefusalCode.NoSpace : RefusalCode.WriteError, "The site could not use its disk. Nothing was changed.") { Remedy = io.Message },
            DiskFault.IsFull(io) ? 507 : 500),
        _ => WriteAsync(http, new Refusal(RefusalCode.Unexpected, "Something went wrong inside.") { Remedy = "The site's log has the details." }, 500),
    };

    private sealed class RefusedResult(Refusal refusal) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, refusal, Problems.Status(refusal.Code));
    }

    private static async Task WriteAsync(HttpContext http, Refusal refusal, int status)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        await http.Response.WriteAsJsonAsync(
            Problems.Of(refusal, http) with { Status = status }, ApiJson.Readable.Problem, "application/problem+json", http.RequestAborted);
    }
}
