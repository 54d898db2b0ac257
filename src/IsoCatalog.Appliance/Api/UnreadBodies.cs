using Microsoft.AspNetCore.Http.Features;

namespace IsoCatalog.Appliance.Api;

/// <summary>Lets a client that is still sending see why it was refused.</summary>
internal static class UnreadBodies
{
    /// <summary>After the answer, Kestrel reads away for at most 5 s what nobody read of a body, because closing over unread bytes resets the connection
    /// and the client sees that reset instead of the answer; but it closes at once over a body beyond the limit. The limit has done its work by then.</summary>
    public static void UseUnreadBodies(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        await next(http);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    });
}
