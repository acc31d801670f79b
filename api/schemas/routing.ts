import { z } from 'zod';
import { messageText, sessionId, userId } from '../fields.ts';

/** Body of `POST /route-conversation`. */
export const routeConversationBody = z
  .object({
    from: z.string().min(1).max(320).describe('Phone number, address or user id'),
    message: messageText,
    channel: z.string().min(1).max(64).describe('sms, email, or anything else for a user id'),
  })
  .meta({ id: 'RouteConversation' });

/** Answer of `POST /route-conversation`. */
export const routed = z
  .object({
    routed: z.boolean(),
    user_id: userId,
    action: z.enum(['routed_to_claude_code', 'handled_by_assistant']),
    session_id: sessionId.optional(),
    message_id: z.string().optional(),
    reason: z.string().optional(),
  })
  .meta({ id: 'Routed' });
