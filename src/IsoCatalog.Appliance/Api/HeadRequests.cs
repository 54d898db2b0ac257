namespace IsoCatalog.Appliance.Api;

/// <summary>HEAD wherever there is GET (RFC 9110, section 9.3.2): routed as GET, and the server leaves the body out.</summary>
internal static class HeadRequests
{
    /// <summary>To stand around <c>UseRouting</c>; what comes after it sees the method that was sent.</summary>
    public static void UseRoutingWithHead(this WebApplication app)
    {
        app.Use((http, next) =>
        {
            if (HttpMethods.IsHead(http.Request.Method))
            {
                http.Request.Method = HttpMethods.Get;
                http.Items[typeof(HeadRequests)] = true;
            }

            return next(http);
        });
        app.UseRouting();
        app.Use((http, next) =>
        {
            if (http.Items.Remove(typeof(HeadRequests)))
            {
                http.Request.Method = HttpMethods.Head;
            }

            return next(http);
        });
    }
}
