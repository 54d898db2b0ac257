using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>One request and its response, as the server's own features; reused for the next request on the connection.</summary>
internal sealed class IsoExchange
{
    public IHttpRequestFeature Request { get; private set; } = null!;

    public IHttpResponseFeature Response { get; private set; } = null!;

    public IHttpResponseBodyFeature Body { get; private set; } = null!;

    public BmcConnection Connection { get; private set; } = null!;

    /// <summary>A GET with a body has no meaning here, and two readings of where it ends are how requests are smuggled.</summary>
    public bool HasRequestBody { get; private set; }

    /// <summary>The path as it was sent, undecoded, so that there is one spelling only; of a URI in absolute form the part after the authority.</summary>
    public string Path
    {
        get
        {
            var target = Request.RawTarget;
            if (target.StartsWith('/'))
            {
                return target;
            }

            var authority = target.IndexOf("://", StringComparison.Ordinal);
            var path = authority < 0 ? -1 : target.IndexOf('/', authority + 3);
            return path < 0 ? "" : target[path..];
        }
    }

    public IHeaderDictionary Headers => Response.Headers;

    public void Begin(IFeatureCollection features)
    {
        Request = features.GetRequiredFeature<IHttpRequestFeature>();
        Response = features.GetRequiredFeature<IHttpResponseFeature>();
        Body = features.GetRequiredFeature<IHttpResponseBodyFeature>();
        Connection = features.GetRequiredFeature<BmcConnection>();
        HasRequestBody = features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? false;
    }

    /// <summary>An answer of a status line, the date and no bytes.</summary>
    public void Answer(int status)
    {
        Response.StatusCode = status;
        if (status != StatusCodes.Status304NotModified)
        {
            Headers.ContentLength = 0;
        }
    }
}
