using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Access;

/// <summary>Wires access into the application of the API listener and the command-line socket (not of the ISO listeners).</summary>
public static class AccessExtensions
{
    public static IServiceCollection AddAccess(this IServiceCollection services, AccessOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        services.AddSingleton(options);
        services.AddSingleton(provider => new AttemptLimit(provider.GetService<TimeProvider>() ?? TimeProvider.System));
        services.AddSingleton(provider => new Sessions(provider.GetService<TimeProvider>() ?? TimeProvider.System));
        services.AddSingleton<AccessPolicy>();
        services.AddSingleton<SignIn>();
        services.AddSingleton<AccessMetrics>();
        services.AddSingleton<RunningRequests>();
        return services;
    }

    /// <summary>After routing, before the endpoints.</summary>
    /// <param name="refuse">Answers who may not call an endpoint that is none <see cref="ForBrowsers"/>.</param>
    public static IApplicationBuilder UseAccess(this IApplicationBuilder app, Func<HttpContext, AccessDecision.Refused, Task> refuse) =>
        app.UseMiddleware<AccessMiddleware>(refuse);

    /// <summary>The least role that may call this endpoint or group. The nearest to the endpoint counts; without any it is <see cref="Role.Admin"/>.</summary>
    public static TBuilder RequireRole<TBuilder>(this TBuilder endpoints, Role role)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata(new RequiredRole(role));

    /// <summary>It is opened in a browser: who signed in needs no token, and a refusal is answered by <paramref name="refuse"/>.</summary>
    internal static TBuilder ForBrowsers<TBuilder>(this TBuilder endpoints, Func<HttpContext, AccessDecision.Refused, Task> refuse)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata(new BrowserPage(refuse));

    /// <summary>No token is needed, nor looked at: for probes, and for the metrics on a listener of their own.</summary>
    public static TBuilder OpenToAll<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata(new OpenToAnyone());

    /// <summary>Who makes this request; only after <see cref="UseAccess"/> let it in.</summary>
    public static Caller Caller(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<Caller>() ?? throw new InvalidOperationException("The endpoint runs without access control in front"
            + " of it.");
    }
}
